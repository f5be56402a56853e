/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fault.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

void
fault_list_add(struct fault_list *list, const struct fault *fault)
{
	list->faults = xreallocarray(list->faults, list->count + 1,
	    sizeof *list->faults);
	list->faults[list->count++] = *fault;
	if (!fault->is_warning)
		list->error_count++;
}

void
fault_list_free(struct fault_list *list)
{
	free(list->faults);
	*list = (struct fault_list){ .faults = NULL };
}

static int
fault_compare(const void *one_arg, const void *other_arg)
{
	const struct fault *one = one_arg, *other = other_arg;

	if (one->is_warning != other->is_warning)
		return one->is_warning ? 1 : -1;
	if (one->position.line != other->position.line)
		return one->position.line < other->position.line ? -1 : 1;
	if (one->position.column != other->position.column)
		return one->position.column < other->position.column ? -1 : 1;
	return strcmp(one->words, other->words);
}

void
fault_list_sort(struct fault_list *list)
{
	if (list->count > 0)
		qsort(list->faults, list->count, sizeof *list->faults,
		    fault_compare);
}

/* True if the words have the name in quotation marks. */
static bool
fault_names_setting(const struct fault *fault)
{
	const char *name = strrchr(fault->setting, '.');
	size_t length;
	const char *found = fault->words;

	name = name == NULL ? fault->setting : name + 1;
	length = strlen(name);
	while ((found = strstr(found, name)) != NULL &&
	    (found == fault->words || found[-1] != '"' ||
	    found[length] != '"'))
		found++;
	return found != NULL;
}

void
fault_write(const struct fault *fault, const char *path, struct buf *text)
{
	buf_append_format(text, "%s:%u:%u: ", path, fault->position.line,
	    fault->position.column);
	if (fault->is_warning)
		buf_append_text(text, "warning: ");
	if (*fault->setting != '\0' && !fault_names_setting(fault))
		buf_append_format(text, "%s: ", fault->setting);
	buf_append_text(text, fault->words);
}
