/* SPDX-License-Identifier: Apache-2.0 */
/* What the values in pools are, by the descriptors of their types. */
#include "runtime/go/heap_types.h"
#include "runtime/go/pools.h"
#include "runtime/go/types.h"

#define TYPE_ELEM 48 /* of a pointer or slice, the same from 1.14 to 1.27 */

static uint64_t elem_of(const struct ct_go *go, uint64_t type)
{
	uint64_t elem = 0;

	return ct_read_u64(go->target, type + TYPE_ELEM, &elem) ? 0 : elem;
}

bool ct_go_pool_type_read(
	const struct ct_go *go, uint64_t type, struct ct_go_pool_type *ret, char *name)
{
	struct ct_go_type_head head, elem;
	struct ct_go_type named;
	uint64_t slice = type;

	*ret = (struct ct_go_pool_type){.type = type};
	if (!ct_go_type_head(go, type, &head))
		return false;
	snprintf(name, CT_GO_TYPE_NAME, "%s",
		ct_go_type_at(go, type, &named) ? "a type without a name" : named.name);
	ret->direct = head.direct;
	ret->slice = head.kind == CT_GO_KIND_SLICE;
	if (head.kind == CT_GO_KIND_POINTER) {
		slice = elem_of(go, type);
		if (!ct_go_type_head(go, slice, &elem))
			return false;
		ret->empty = !elem.size;
		ret->to_slice = elem.kind == CT_GO_KIND_SLICE;
	}
	if ((ret->slice || ret->to_slice) && ct_go_type_head(go, elem_of(go, slice), &elem))
		ret->elem_size = elem.size;
	return true;
}

bool ct_go_pool_slice(const struct ct_go *go, const struct ct_go_pool_type *type, uint64_t value,
	struct ct_go_slice *ret)
{
	uint64_t words[3];

	if (!type->elem_size || ct_read(go->target, value, words, sizeof(words)) || !words[0] ||
		!words[2] || words[1] > words[2] || words[2] > CT_GO_ADDRESSES / type->elem_size)
		return false;
	*ret = (struct ct_go_slice){words[0], words[1], words[2]};
	return true;
}
