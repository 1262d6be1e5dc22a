package ap

import "context"

// FillDocuments takes all the room that there is for documents that are fetched.
func (s *Service) FillDocuments() (leave func()) {
	ctx, leave := s.limits.documents.enter(context.Background())
	if err := growth(ctx, true)(s.limits.documents.most / timesParsed); err != nil {
		panic(err)
	}
	return leave
}

// DocumentsTaken is how much of the room is taken.
func (s *Service) DocumentsTaken() int64 {
	s.limits.documents.mu.Lock()
	defer s.limits.documents.mu.Unlock()
	return s.limits.documents.taken
}
