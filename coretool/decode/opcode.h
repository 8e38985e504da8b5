/* SPDX-License-Identifier: Apache-2.0 */
/* What each opcode of x86-64 has behind it and does to memory, as rows. Private to decode/. */
#ifndef CT_DECODE_OPCODE_H
#define CT_DECODE_OPCODE_H

#include "base/base.h"

/* How the opcode is encoded. */
enum { ENC_LEGACY = 1, ENC_VEX = 2, ENC_EVEX = 4, ENC_VECTOR = ENC_VEX | ENC_EVEX, ENC_ANY = 7 };

/* The prefix that is part of the opcode (66, F3, F2), as a bit. */
enum { PP_NONE = 1, PP_66 = 2, PP_F3 = 4, PP_F2 = 8, PP_ANY = 15 };

/* What stands behind the opcode. */
enum ct_immediate {
	IMM_NONE,
	IMM_8,
	IMM_16,
	IMM_Z,     /* 4 bytes, or 2 with the prefix 66 */
	IMM_V,     /* 4, 2 or 8 by the size of the operand */
	IMM_REL,   /* 4, the target of a jump */
	IMM_24,    /* enter's 2 and 1 */
	IMM_OFFSET /* an address */
};

/* What is done with the memory of the ModRM byte. NOTHING: the address alone counts (lea). */
enum ct_touch {
	TOUCH_NOTHING,
	TOUCH_READ = 1,
	TOUCH_WRITE = 2,
	TOUCH_BOTH = TOUCH_READ | TOUCH_WRITE
};

/* How many bytes of it. */
enum ct_extent {
	EXT_UNKNOWN,
	EXT_1,
	EXT_2,
	EXT_4,
	EXT_8,
	EXT_10,
	EXT_16,
	EXT_32,
	EXT_64,
	EXT_512,
	EXT_V,       /* 4, 2 or 8 by the size of the operand */
	EXT_Y,       /* 4, or 8 with W */
	EXT_YY,      /* 8, or 16 with W */
	EXT_VECTOR,  /* the whole vector; 8 for MMX */
	EXT_SCALAR,  /* 4 with F3, 8 with F2, else the whole vector */
	EXT_HALF,    /* of the vector */
	EXT_HALF_W,  /* of the vector; with W the whole one */
	EXT_QUARTER, /* of the vector */
	EXT_EIGHTH,  /* of the vector */
	EXT_DUP,     /* 8 of a vector of 16, else the whole vector */
	/* Up to the whole vector; displacements are in elements of … */
	EXT_PACKED_Y,
	EXT_PACKED_1,
	EXT_PACKED_2,
};

/* Memory that is accessed beside that of the ModRM byte. */
enum ct_implied {
	IMPLIED_NONE,
	IMPLIED_PUSH,
	IMPLIED_POP,
	IMPLIED_LEAVE,
	IMPLIED_LOAD,    /* a string instruction: from the source */
	IMPLIED_STORE,   /* to the destination */
	IMPLIED_COPY,    /* both */
	IMPLIED_COMPARE, /* reads both */
	IMPLIED_SCAN,    /* reads the destination */
	IMPLIED_TABLE,   /* xlat */
	IMPLIED_MASKED,  /* maskmov: to the destination */
};

struct ct_opcode_row {
	uint8_t map; /* 0: one byte; 1: 0F; 2: 0F 38; 3: 0F 3A */
	uint8_t from, to;
	uint8_t enc, pp;
	uint8_t reg; /* bits of the ModRM byte's reg field that this row is for */
	bool modrm;
	uint8_t imm;     /* enum ct_immediate */
	uint8_t touch;   /* enum ct_touch */
	uint8_t extent;  /* enum ct_extent */
	uint8_t implied; /* enum ct_implied */
	bool vsib;       /* the index is a vector */
};

/* The row of an opcode; of a group that reg chooses in. NULL: unknown. */
const struct ct_opcode_row *ct_opcode_find(
	unsigned map, uint8_t opcode, unsigned enc, unsigned pp, unsigned reg);

extern const struct ct_opcode_row ct_general_opcodes[];
extern const size_t ct_n_general_opcodes;
extern const struct ct_opcode_row ct_vector_opcodes[];
extern const size_t ct_n_vector_opcodes;

#endif
