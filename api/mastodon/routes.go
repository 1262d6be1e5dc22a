package mastodon

import (
	"strings"

	"kinglet/api/respond"
	"kinglet/internal/ratelimit"

	"github.com/go-chi/chi/v5"
)

// Routes mounts every endpoint. Endpoints of Mastodon that Kinglet does not
// implement yet answer 501, and are listed in docs/API.md.
func (a *API) Routes(r chi.Router) {
	a.uploads = newUploads()
	for pattern, rt := range a.routes() {
		a.mount(r, pattern, rt)
	}
	for _, e := range Unimplemented {
		a.mount(r, e.Method+" "+e.Path, route{stranger: everything, stream: strings.HasPrefix(e.Path, "/api/v1/streaming")})
	}
}

// routes lists the endpoints, one line each: to add one, add its line here and
// its handler in the file of its subject.
func (a *API) routes() map[string]route {
	return map[string]route{
		"GET /health":                               {stranger: everything, handle: (*call).health},
		"GET /api/v1/instance":                      {stranger: everything, handle: (*call).instanceV1},
		"GET /api/v2/instance":                      {stranger: everything, handle: (*call).instanceV2},
		"GET /api/v1/instance/rules":                {stranger: everything, handle: (*call).emptyList},
		"GET /api/v1/instance/peers":                {stranger: everything, handle: (*call).peers},
		"GET /api/v1/instance/extended_description": {stranger: everything, handle: (*call).extendedDescription},
		"GET /api/v1/custom_emojis":                 {stranger: everything, handle: (*call).emptyList},
		"GET /api/v1/trends":                        {stranger: everything, handle: (*call).emptyList},
		"GET /api/v1/trends/tags":                   {stranger: everything, handle: (*call).emptyList},
		"GET /api/v1/trends/statuses":               {stranger: everything, handle: (*call).emptyList},
		"GET /api/v1/trends/links":                  {stranger: everything, handle: (*call).emptyList},
		"GET /api/v1/announcements":                 {scope: anyScope, handle: (*call).emptyList},

		"GET /oauth/userinfo":            {scope: "profile", handle: (*call).userInfo},
		"GET /api/v1/preferences":        {scope: "read:accounts", handle: (*call).preferences},
		"GET /api/v1/markers":            {scope: "read:statuses", handle: (*call).markers},
		"POST /api/v1/markers":           {scope: "write:statuses", handle: (*call).putMarkers},
		"GET /api/v1/filters":            {scope: "read:filters", handle: (*call).emptyList},
		"GET /api/v2/filters":            {scope: "read:filters", handle: (*call).emptyList},
		"GET /api/v1/lists":              {scope: "read:lists", handle: (*call).emptyList},
		"GET /api/v1/conversations":      {scope: "read:statuses", handle: (*call).conversations},
		"GET /api/v1/followed_tags":      {scope: "read:follows", handle: (*call).emptyList},
		"GET /api/v1/featured_tags":      {scope: "read:accounts", handle: (*call).emptyList},
		"GET /api/v1/endorsements":       {scope: "read:accounts", handle: (*call).emptyList},
		"GET /api/v1/domain_blocks":      {scope: "read:blocks", handle: (*call).emptyList},
		"GET /api/v1/scheduled_statuses": {scope: "read:statuses", handle: (*call).emptyList},
		"GET /api/v1/suggestions":        {scope: "read", handle: (*call).emptyList},
		"GET /api/v2/suggestions":        {scope: "read", handle: (*call).emptyList},
		"GET /api/v1/push/subscription":  {scope: "push", handle: (*call).pushSubscription},

		"GET /api/v1/accounts/verify_credentials":   {scope: "profile|read:accounts", handle: (*call).verifyCredentials},
		"PATCH /api/v1/accounts/update_credentials": {scope: "write:accounts", files: []string{"avatar", "header"}, upload: a.Config.MaxMediaBytes, deadline: respond.UploadTime(a.Config.MaxMediaBytes), handle: (*call).updateCredentials},
		"DELETE /api/v1/profile/avatar":             {scope: "write:accounts", handle: (*call).deleteAvatar},
		"DELETE /api/v1/profile/header":             {scope: "write:accounts", handle: (*call).deleteHeader},

		"GET /api/v1/accounts":                             {scope: "read:accounts", stranger: publicView, handle: (*call).accounts},
		"GET /api/v1/accounts/lookup":                      {scope: "read:accounts", stranger: publicView, handle: (*call).lookup},
		"GET /api/v1/accounts/search":                      {scope: "read:accounts", handle: (*call).searchAccounts},
		"GET /api/v1/accounts/relationships":               {scope: "read:follows", handle: (*call).relationships},
		"GET /api/v1/accounts/familiar_followers":          {scope: "read:follows", handle: (*call).familiarFollowers},
		"GET /api/v1/accounts/{id}":                        {scope: "read:accounts", stranger: publicView, handle: (*call).account},
		"GET /api/v1/accounts/{id}/statuses":               {scope: "read:statuses", stranger: publicView, handle: (*call).accountStatuses},
		"GET /api/v1/accounts/{id}/followers":              {scope: "read:accounts", stranger: publicView, handle: (*call).followers},
		"GET /api/v1/accounts/{id}/following":              {scope: "read:accounts", stranger: publicView, handle: (*call).following},
		"GET /api/v1/accounts/{id}/featured_tags":          {stranger: everything, handle: (*call).emptyList},
		"GET /api/v1/accounts/{id}/lists":                  {scope: "read:lists", handle: (*call).emptyList},
		"POST /api/v1/accounts/{id}/follow":                {scope: "write:follows", handle: (*call).follow},
		"POST /api/v1/accounts/{id}/unfollow":              {scope: "write:follows", handle: (*call).unfollow},
		"POST /api/v1/accounts/{id}/remove_from_followers": {scope: "write:follows", handle: (*call).removeFollower},
		"POST /api/v1/accounts/{id}/block":                 {scope: "write:blocks", handle: (*call).block},
		"POST /api/v1/accounts/{id}/unblock":               {scope: "write:blocks", handle: (*call).unblock},
		"POST /api/v1/accounts/{id}/mute":                  {scope: "write:mutes", handle: (*call).mute},
		"POST /api/v1/accounts/{id}/unmute":                {scope: "write:mutes", handle: (*call).unmute},
		"GET /api/v1/follow_requests":                      {scope: "read:follows", handle: (*call).followRequests},
		"POST /api/v1/follow_requests/{id}/authorize":      {scope: "write:follows", handle: (*call).authorizeFollow},
		"POST /api/v1/follow_requests/{id}/reject":         {scope: "write:follows", handle: (*call).rejectFollow},
		"GET /api/v1/blocks":                               {scope: "read:blocks", handle: (*call).blocks},
		"GET /api/v1/mutes":                                {scope: "read:mutes", handle: (*call).mutes},

		"GET /api/v1/statuses/{id}/quotes":                    {scope: "read:statuses", stranger: publicView, handle: (*call).quotes},
		"POST /api/v1/statuses/{id}/quotes/{quote_id}/revoke": {scope: "write:statuses", handle: (*call).revokeQuote},
		"GET /api/v1/interaction_requests":                    {scope: "read:notifications", handle: (*call).interactionRequests},
		"GET /api/v1/interaction_requests/{id}":               {scope: "read:notifications", handle: (*call).interactionRequest},
		"POST /api/v1/interaction_requests/{id}/authorize":    {scope: "write:statuses", handle: (*call).authorizeInteraction},
		"POST /api/v1/interaction_requests/{id}/reject":       {scope: "write:statuses", handle: (*call).rejectInteraction},

		"POST /api/v1/reports":                    {scope: "write:reports", handle: (*call).report},
		"POST /api/v1/statuses":                   {scope: "write:statuses", handle: (*call).post},
		"GET /api/v1/statuses":                    {scope: "read:statuses", stranger: publicView, handle: (*call).statuses},
		"GET /api/v1/statuses/{id}":               {scope: "read:statuses", stranger: publicView, handle: (*call).status},
		"PUT /api/v1/statuses/{id}":               {scope: "write:statuses", handle: (*call).edit},
		"DELETE /api/v1/statuses/{id}":            {scope: "write:statuses", limit: ratelimit.Deleting, handle: (*call).delete},
		"GET /api/v1/statuses/{id}/source":        {scope: "read:statuses", handle: (*call).source},
		"GET /api/v1/statuses/{id}/context":       {scope: "read:statuses", stranger: publicView, handle: (*call).context},
		"GET /api/v1/statuses/{id}/favourited_by": {scope: "read:statuses", stranger: publicView, handle: (*call).favouritedBy},
		"GET /api/v1/statuses/{id}/reblogged_by":  {scope: "read:statuses", stranger: publicView, handle: (*call).rebloggedBy},
		"POST /api/v1/statuses/{id}/favourite":    {scope: "write:favourites", handle: (*call).favourite},
		"POST /api/v1/statuses/{id}/unfavourite":  {scope: "write:favourites", handle: (*call).unfavourite},
		"POST /api/v1/statuses/{id}/reblog":       {scope: "write:statuses", handle: (*call).reblog},
		"POST /api/v1/statuses/{id}/unreblog":     {scope: "write:statuses", handle: (*call).unreblog},
		"POST /api/v1/statuses/{id}/bookmark":     {scope: "write:bookmarks", handle: (*call).bookmark},
		"POST /api/v1/statuses/{id}/unbookmark":   {scope: "write:bookmarks", handle: (*call).unbookmark},
		"POST /api/v1/statuses/{id}/pin":          {scope: "write:accounts", handle: (*call).pin},
		"POST /api/v1/statuses/{id}/unpin":        {scope: "write:accounts", handle: (*call).unpin},
		"GET /api/v1/polls/{id}":                  {scope: "read:statuses", stranger: publicView, handle: (*call).poll},
		"POST /api/v1/polls/{id}/votes":           {scope: "write:statuses", handle: (*call).vote},
		"GET /api/v1_alpha/async_refreshes/{id}":  {scope: "read:statuses", handle: (*call).asyncRefresh},
		"GET /api/v1/favourites":                  {scope: "read:favourites", handle: (*call).favourites},
		"GET /api/v1/bookmarks":                   {scope: "read:bookmarks", handle: (*call).bookmarks},
		"GET /api/v1/timelines/home":              {scope: "read:statuses", handle: (*call).home},
		"GET /api/v1/timelines/public":            {scope: "read:statuses", stranger: publicView, handle: (*call).public},
		"GET /api/v1/timelines/tag/{tag}":         {scope: "read:statuses", stranger: publicView, handle: (*call).tagTimeline},
		"GET /api/v1/tags/{tag}":                  {scope: "read:follows", stranger: publicView, handle: (*call).tag},
		"GET /api/v2/search":                      {scope: "read:search", stranger: publicView, handle: (*call).search},
		"GET /api/v1/notifications":               {scope: "read:notifications", handle: (*call).notifications},
		"GET /api/v1/notifications/unread_count":  {scope: "read:notifications", handle: (*call).unreadCount},
		"GET /api/v1/notifications/{id}":          {scope: "read:notifications", handle: (*call).notification},
		"POST /api/v1/notifications/clear":        {scope: "write:notifications", handle: (*call).clearNotifications},
		"POST /api/v1/notifications/{id}/dismiss": {scope: "write:notifications", handle: (*call).dismissNotification},

		"POST /api/v1/statuses/{id}/react/{emoji}":               {scope: "write:favourites", handle: (*call).react},
		"POST /api/v1/statuses/{id}/unreact/{emoji}":             {scope: "write:favourites", handle: (*call).unreact},
		"GET /api/v1/pleroma/statuses/{id}/reactions":            {scope: "read:statuses", stranger: publicView, handle: (*call).reactedBy},
		"GET /api/v1/pleroma/statuses/{id}/reactions/{emoji}":    {scope: "read:statuses", stranger: publicView, handle: (*call).reactedBy},
		"PUT /api/v1/pleroma/statuses/{id}/reactions/{emoji}":    {scope: "write:favourites", handle: (*call).react},
		"DELETE /api/v1/pleroma/statuses/{id}/reactions/{emoji}": {scope: "write:favourites", handle: (*call).unreact},
	}
}
