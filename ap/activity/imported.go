package activity

// Imported is what the server exported that an account lived on before,
// replayed here: it is believed, under ids that may be our own, and changes the
// state here without notifying anyone again.
var Imported = Origin{Name: "imported", Trusted: true}
