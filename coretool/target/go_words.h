/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which words of a Go program's variables are pointers, and to what, by its debug information. That
 * names each type's descriptor (DW_AT_go_runtime_type) and says of what kind it is (DW_AT_go_kind;
 * cmd/internal/dwarf/dwarf.go and cmd/link/internal/ld/dwarf.go, Go 1.12 to 1.27).
 */
#ifndef CT_TARGET_GO_WORDS_H
#define CT_TARGET_GO_WORDS_H

#include "target/modules.h"

/* reflect.Kind; the numbers have never changed. */
enum ct_go_kind {
	CT_GO_KIND_ARRAY = 17,
	CT_GO_KIND_CHAN = 18,
	CT_GO_KIND_FUNC = 19,
	CT_GO_KIND_INTERFACE = 20,
	CT_GO_KIND_MAP = 21,
	CT_GO_KIND_POINTER = 22,
	CT_GO_KIND_SLICE = 23,
	CT_GO_KIND_STRING = 24,
	CT_GO_KIND_STRUCT = 25,
	CT_GO_KIND_UNSAFE = 26, /* unsafe.Pointer, the last one */
};

enum ct_go_word_form {
	CT_GO_WORD_POINTER, /* to one of the type */
	CT_GO_WORD_SLICE,   /* to the first of several, or into them */
	CT_GO_WORD_STRING,  /* to bytes; it has no type */
	CT_GO_WORD_MAP,     /* a map of the type */
	CT_GO_WORD_CHAN,    /* a channel of the type */
};

struct ct_go_word {
	uint64_t at;   /* its address; of a local variable: offset from its frame's CFA */
	uint64_t type; /* the descriptor, from where the module's types begin */
	uint64_t size; /* of a value of the type, bytes */
	uint8_t kind;  /* of the type: enum ct_go_kind, or a smaller one */
	uint8_t form;  /* enum ct_go_word_form */
	bool known;    /* false: the word is something else, or its type has no descriptor */
	bool wide; /* of a local variable of more than three words that is always at this place */
};

typedef void ct_go_word_visit(void *arg, const struct ct_go_word *word);

/*
 * Calls visit for the words of all variables of packages in the module, up to 4,096 of each.
 * Nothing without debug information. The reading is bounded; what is beyond is a note.
 */
void ct_go_static_words(struct ct_target *target, const struct ct_module *module,
	ct_go_word_visit *visit, void *arg);
/* The same of the variables that have a place in the frame of pc's function, when it is at pc, or
 * in the call that returns there. */
void ct_go_local_words(struct ct_target *target, uint64_t pc, ct_go_word_visit *visit, void *arg);

#endif
