package federation

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"kinglet/ap"
	"kinglet/ap/signature"
	"kinglet/api/respond"
	"kinglet/internal/fault"
	"kinglet/store"
)

func (a *API) sharedInbox(w http.ResponseWriter, r *http.Request) { a.receive(w, r, 0) }

func (a *API) inbox(w http.ResponseWriter, r *http.Request) {
	account, err := store.Read(r.Context(), a.Store, func(tx *store.Tx) (*store.Account, error) { return a.local(tx, r) })
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.receive(w, r, account.ID)
}

// bodyTime is how long the body of an inbox post may take: a slow one blocks
// others.
const bodyTime = 15 * time.Second

// receive answers 202 once what arrived is durable. Otherwise the answer
// depends only on the kind of the error: the reason is logged, since it would
// disclose to strangers what we could reach and whom we know.
func (a *API) receive(w http.ResponseWriter, r *http.Request, recipient store.AccountID) {
	r.Body = http.MaxBytesReader(w, r.Body, ap.MaxInboxBytes)
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTime)) // not every listener has deadlines
	out, err := a.Service.Inbox(r.Context(), ap.InboxRequest{Request: r, Client: a.client(r), Recipient: recipient})
	if err == nil {
		if out.NotWanted != "" { // the sender is not to come again
			a.Log.Info("inbox", "status", http.StatusAccepted, "reason", clip(string(out.NotWanted)), "key", signature.ClaimedKeyID(r.Header), "client", a.client(r), "request", w.Header().Get("X-Request-Id"))
		}
		w.WriteHeader(http.StatusAccepted)
		return
	}
	status, after := inboxStatus(err)
	a.Log.Info("inbox", "status", status, "reason", clip(err.Error()), "key", signature.ClaimedKeyID(r.Header), "client", a.client(r), "request", w.Header().Get("X-Request-Id"))
	if status == http.StatusInternalServerError {
		a.fail(w, r, err) // logs it as ours
		return
	}
	if after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(after.Seconds())+1))
	}
	if status == http.StatusUnauthorized {
		w.Header().Set("Accept-Signature", signature.AcceptSignature)
	}
	respond.JSON(w, status, map[string]string{"error": inboxWords[status]})
}

func clip(reason string) string { return reason[:min(len(reason), 500)] }

// retryAfter is for errors that have no RetryAfter of their own.
const retryAfter = 30 * time.Second

// inboxStatus is the status that answers an error of the inbox, and after how
// long the request may be repeated.
func inboxStatus(err error) (status int, after time.Duration) {
	var tooLarge *http.MaxBytesError
	var known *fault.Error
	switch {
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge, 0
	case errors.As(err, &known):
		status, after = respond.Status(known.Kind), known.RetryAfter
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		status = http.StatusServiceUnavailable
	default:
		status = http.StatusInternalServerError
	}
	if status == http.StatusServiceUnavailable && after == 0 {
		after = retryAfter
	}
	if inboxWords[status] == "" {
		status = http.StatusInternalServerError
	}
	return status, after
}

// inboxWords are the only texts that an inbox answers with.
var inboxWords = map[int]string{
	http.StatusBadRequest:            "The document could not be read",
	http.StatusUnauthorized:          "The signature could not be verified",
	http.StatusForbidden:             "The activity is not allowed",
	http.StatusNotFound:              "What the activity is about is not known here",
	http.StatusConflict:              "The activity is in conflict with another",
	http.StatusGone:                  "What the activity is about is gone",
	http.StatusRequestEntityTooLarge: "The document is too large",
	http.StatusUnprocessableEntity:   "The activity could not be processed",
	http.StatusTooManyRequests:       "Too many requests",
	http.StatusServiceUnavailable:    "This can't be answered just now, try again later",
}
