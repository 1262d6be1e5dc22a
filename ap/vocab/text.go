package vocab

import "slices"

// The texts of an object: their languages, and the forms in which they come.

func readText(o *Object, m map[string]any) {
	o.Content, o.Language = mapped(m, "content", "contentMap")
	o.Name, _ = mapped(m, "name", "nameMap")
	o.Summary, _ = mapped(m, "summary", "summaryMap")
	o.MediaType = text(m["mediaType"])
	if src, ok := m["source"].(map[string]any); ok {
		o.Source = Source{Content: text(src["content"]), MediaType: text(src["mediaType"])}
	}
	for _, key := range []string{"language", "inLanguage"} {
		if o.Language == "" {
			o.Language = languageOf(m[key])
		}
	}
}

// mapped reads a text that may come with languages (ActivityStreams §4.7): the
// plain term, and the language whose text is the same, or the only one that is
// there, since some servers (Friendica) write the two differently. A map
// alone is read by its first language.
func mapped(m map[string]any, key, mapKey string) (plain, language string) {
	plain, language = value(m[key]), languageOfValue(m[key])
	byLanguage, _ := m[mapKey].(map[string]any)
	var same, all []string
	for lang, v := range byLanguage {
		if s := value(v); s != "" {
			all = append(all, lang)
			if s == plain {
				same = append(same, lang)
			}
		}
	}
	slices.Sort(same)
	slices.Sort(all)
	switch {
	case len(all) == 0 || language != "":
	case len(same) > 0:
		language = LanguageTag(same[0])
	case plain == "":
		plain, language = value(byLanguage[all[0]]), LanguageTag(all[0])
	case len(all) == 1:
		language = LanguageTag(all[0])
	}
	return plain, language
}

// value is a text: a string, the @value of one (JSON-LD §9.5), or the first of
// a list that is not empty.
func value(v any) string {
	for _, x := range list(v) {
		s := text(x)
		if m, ok := x.(map[string]any); ok {
			s = text(m["@value"])
		}
		if s != "" {
			return s
		}
	}
	return ""
}

// languageOfValue is the language of what value reads.
func languageOfValue(v any) string {
	for _, x := range list(v) {
		if m, ok := x.(map[string]any); ok && text(m["@value"]) != "" {
			return LanguageTag(text(m["@language"]))
		} else if text(x) != "" {
			return ""
		}
	}
	return ""
}

// languageOf is a language by its tag, or as Lemmy and PeerTube write it: an
// object with an identifier.
func languageOf(v any) string {
	if m, ok := v.(map[string]any); ok {
		v = m["identifier"]
	}
	return LanguageTag(text(v))
}
