package vocab

// SubPolicy is who may do one thing with an object by its interactionPolicy
// (FEP-044f, GoToSocial): URIs of collections and of actors.
type SubPolicy struct{ Automatic, Manual []string }

// maxPolicyEntries limits how many entries of a list are looked at: who is in
// none of them has to ask, or may not.
const maxPolicyEntries = 1000

// SubPolicyOf reads one part of an object's interactionPolicy, such as canQuote;
// ok is false where it says nothing. GoToSocial called its lists always and
// approvalRequired before 0.20.
func SubPolicyOf(o *Object, name string) (p SubPolicy, ok bool) {
	policy, _ := o.Document["interactionPolicy"].(map[string]any)
	if l := list(policy[name]); len(l) == 1 {
		if part, isObject := l[0].(map[string]any); isObject && len(part) > 0 {
			return SubPolicy{policyEntries(part, "automaticApproval", "always"), policyEntries(part, "manualApproval", "approvalRequired")}, true
		}
	}
	return p, false
}

func policyEntries(part map[string]any, names ...string) []string {
	for _, name := range names {
		if part[name] == nil {
			continue
		}
		uris := IDs(part[name], maxPolicyEntries)
		for i, uri := range uris {
			if uri == "as:Public" || uri == "Public" {
				uris[i] = Public
			}
		}
		return uris
	}
	return nil
}

// Authorization is what an author says of what another does with a post: a
// QuoteAuthorization (FEP-044f), or one of GoToSocial's for likes, replies and
// boosts.
type Authorization struct{ Type, Author, Interacting, Target string }

// AuthorizationOf reads an authorization; ok is false for another object, and for
// one that says something twice. Those of GoToSocial 0.19 are called Approvals,
// and say object and target.
func AuthorizationOf(o *Object) (a Authorization, ok bool) {
	a = Authorization{Type: o.Type, Interacting: id(o.Document["interactingObject"]), Target: id(o.Document["interactionTarget"])}
	switch o.Type {
	case "QuoteAuthorization", "LikeAuthorization", "ReplyAuthorization", "AnnounceAuthorization":
	case "LikeApproval", "ReplyApproval", "AnnounceApproval":
		a.Type = o.Type[:len(o.Type)-len("Approval")] + "Authorization"
		a.Interacting, a.Target = o.Object.ID, o.Target.ID
	default:
		return Authorization{}, false
	}
	if len(o.AttributedTo) == 1 {
		a.Author = o.AttributedTo[0].ID
	}
	return a, a.Author != "" && a.Interacting != "" && a.Target != ""
}
