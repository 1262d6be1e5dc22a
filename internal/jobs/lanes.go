package jobs

// lanes is a runner's memory of lanes. It is guarded by the runner's mu, and
// only a cache: the table says which are set aside, and until when.
type lanes struct {
	workers, limit int
	running        map[string]int
	proven         map[string]bool // had a success in this process
	failing        map[string]bool // had a failure in this process, and no success since
}

func newLanes(o Options) lanes {
	return lanes{workers: o.Workers, limit: o.LaneLimit, running: map[string]int{}, proven: map[string]bool{}, failing: map[string]bool{}}
}

func (l *lanes) begin(lane string) { l.running[lane]++ }

func (l *lanes) end(lane string) {
	if l.running[lane]--; l.running[lane] == 0 {
		delete(l.running, lane)
	}
}

// maxRemembered limits how many lanes are remembered.
const maxRemembered = 20_000

func (l *lanes) answered(lane string) {
	delete(l.failing, lane)
	remember(l.proven, lane)
}

func (l *lanes) failed(lane string) {
	delete(l.proven, lane)
	remember(l.failing, lane)
}

func remember(set map[string]bool, lane string) {
	if len(set) >= maxRemembered {
		clear(set)
	}
	set[lane] = true
}

// most is how many jobs of a lane may run at once.
func (l *lanes) most(lane string, failing bool) int {
	if l.proven[lane] && !l.failing[lane] && !failing {
		return l.limit
	}
	return 1
}

func (l *lanes) full() (full []string) {
	for lane, n := range l.running {
		if n >= l.most(lane, false) {
			full = append(full, lane)
		}
	}
	return full
}

// unprovenShare is the share of the workers that lanes without a success may
// use: many hosts that never answer must leave workers for those that do.
const unprovenShare = 0.75

// room returns how many more jobs of a lane may start, during one claim, in
// which lanes without a success share what is left for them.
func (l *lanes) room() func(lane string, failing bool) int {
	unproven := 0
	for lane, n := range l.running {
		if !l.proven[lane] {
			unproven += n
		}
	}
	left := int(unprovenShare*float64(l.workers)) - unproven
	given := map[string]bool{}
	return func(lane string, failing bool) int {
		if !l.proven[lane] && !given[lane] {
			if left <= 0 {
				return 0
			}
			left--
			given[lane] = true
		}
		return l.most(lane, failing) - l.running[lane]
	}
}
