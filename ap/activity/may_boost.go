package activity

import "kinglet/store"

// MayBoost reports whether an account may boost a status that it can see: what
// is not public only its author may boost, and a direct status nobody
// (SECURITY-RULES 12).
func MayBoost(account store.AccountID, status *store.Object) bool {
	return status.Visibility <= store.Unlisted || status.Visibility == store.Private && status.AccountID == account
}
