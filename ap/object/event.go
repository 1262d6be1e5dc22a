package object

import (
	"strings"

	"kinglet/ap/vocab"
	"kinglet/internal/markup"
	"kinglet/store"
)

// An Event has a date, a place and a description (Mobilizon, Gancio).
func event() Kind {
	return Kind{Type: "Event", Read: func(o *vocab.Object, status *store.Object) { readTitledWith(o, status, whenAndWhere(o)) }}
}

// whenAndWhere is a paragraph with the date and the place of an event.
func whenAndWhere(o *vocab.Object) string {
	var lines []string
	if at := when(o.Document); at != "" {
		lines = append(lines, "When: "+at)
	}
	if place := strings.Join(placesOf(o.Document["location"]), "; "); place != "" {
		lines = append(lines, "Where: "+place)
	}
	return markup.Render(clip(strings.Join(lines, "\n"), maxSpoiler), markup.Options{})
}

// when is the time of an event as its author wrote it, in the author's zone:
// "2026-05-01 19:00 – 21:00 +02:00".
func when(d vocab.Document) string {
	const day, minute = "2006-01-02", "15:04"
	begin, ok := vocab.LocalTime(d["startTime"])
	if !ok {
		return ""
	}
	out := begin.Format(day + " " + minute)
	if end, ok := vocab.LocalTime(d["endTime"]); ok && end.After(begin) {
		end = end.In(begin.Location())
		if end.Format(day) == begin.Format(day) {
			out += " – " + end.Format(minute)
		} else {
			out += " – " + end.Format(day+" "+minute)
		}
	}
	if _, offset := begin.Zone(); offset == 0 {
		out += " UTC"
	} else {
		out += " " + begin.Format("-07:00")
	}
	if status, _ := d["ical:status"].(string); strings.EqualFold(status, "CANCELLED") {
		out += " (cancelled)"
	}
	return out
}

// maxPlaces limits how many places of an event are shown.
const maxPlaces = 4

// placesOf reads a location: Places with their addresses, meetings online, or
// plain texts.
func placesOf(v any) (places []string) {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, item := range list {
		place, ok := item.(vocab.Document)
		if !ok {
			place = vocab.Document{"name": item}
		}
		parts := texts(place, "name")
		switch address := place["address"].(type) {
		case string:
			parts = append(parts, texts(place, "address")...)
		case vocab.Document:
			parts = append(parts, texts(address, "streetAddress")...)
			if town := strings.Join(texts(address, "postalCode", "addressLocality"), " "); town != "" {
				parts = append(parts, town)
			}
			parts = append(parts, texts(address, "addressRegion", "addressCountry")...)
		}
		parts = append(parts, texts(place, "url")...)
		if len(parts) > 0 && len(places) < maxPlaces {
			places = append(places, strings.Join(parts, ", "))
		}
	}
	return places
}

// texts are those terms of an object that are texts, as one line each.
func texts(d vocab.Document, terms ...string) (list []string) {
	for _, term := range terms {
		s, _ := d[term].(string)
		if s = strings.Join(strings.Fields(markup.PlainText(clip(s, maxSpoiler))), " "); s != "" {
			list = append(list, s)
		}
	}
	return list
}
