package activity

// Imported was exported by the server that an account lived on before, and is
// replayed here: it is believed, under ids that may be our own, and changes
// what is here without anybody being told of it again.
var Imported = Origin{Name: "imported", Trusted: true}
