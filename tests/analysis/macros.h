/* SPDX-License-Identifier: Apache-2.0 */
/* For cppcheck, which reads no header of json-c's: a macro that makes loops. */
#define json_object_object_foreach(object, name, value) \
	for (const char *name = (object)->name; name != NULL; ) \
		for (struct json_object *value = (object)->value; ; )
