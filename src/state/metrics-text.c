/* SPDX-License-Identifier: Apache-2.0 */
#include "state/metrics-text.h"

#include <inttypes.h>
#include <string.h>
#include <unistr.h>

static void
metrics_text_write_value(struct buf *text, const char *value)
{
	const uint8_t *rest = (const uint8_t *)value;
	size_t length = strlen(value);
	ucs4_t character;
	int size;

	for (; length > 0; rest += size, length -= (size_t)size) {
		size = u8_mbtouc(&character, rest, length);
		if (character == '\\' || character == '"')
			buf_append_format(text, "\\%c", (int)character);
		else if (character == '\n')
			buf_append_text(text, "\\n");
		else if (character == 0xfffd)
			buf_append_text(text, "\xef\xbf\xbd");
		else
			buf_append(text, rest, (size_t)size);
	}
}

/* name="value",… and, unless it is NULL, le="bound". */
static void
metrics_text_write_labels(struct buf *text,
    const struct metrics_series *series, const char *bound)
{
	const struct metrics_label *label =
	    metrics_infos[series->name].labels;
	const char *before = "{", *value;
	size_t i;

	for (i = 0; i < METRICS_LABELS && label[i].name != NULL; i++) {
		value = *(const char *const *)(const void *)
		    ((const char *)&series->labels + label[i].offset);
		buf_append_format(text, "%s%s=\"", before, label[i].name);
		metrics_text_write_value(text, value);
		buf_append_text(text, "\"");
		before = ",";
	}
	if (bound != NULL) {
		buf_append_format(text, "%sle=\"%s\"", before, bound);
		before = ",";
	}
	if (*before == ',')
		buf_append_text(text, "}");
}

static void
metrics_text_write_histogram(struct buf *text,
    const struct metrics_series *series)
{
	const char *name = metrics_infos[series->name].name;
	int64_t count = 0;
	size_t i;

	for (i = 0; i <= METRICS_BOUNDS; i++) {
		count += series->buckets[i];
		buf_append_format(text, "%s_bucket", name);
		metrics_text_write_labels(text, series, i == METRICS_BOUNDS ?
		    "+Inf" : metrics_bounds[i].seconds);
		buf_append_format(text, " %" PRId64 "\n", count);
	}
	buf_append_format(text, "%s_sum", name);
	metrics_text_write_labels(text, series, NULL);
	buf_append_format(text, " %" PRId64 ".%03d\n%s_count",
	    series->sum_ms / 1000, (int)(series->sum_ms % 1000), name);
	metrics_text_write_labels(text, series, NULL);
	buf_append_format(text, " %" PRId64 "\n", count);
}

static void
metrics_text_write_series(struct buf *text,
    const struct metrics_series *series)
{
	const struct metrics_info *info = &metrics_infos[series->name];

	if (info->type == METRICS_HISTOGRAM) {
		metrics_text_write_histogram(text, series);
		return;
	}
	buf_append_text(text, info->name);
	metrics_text_write_labels(text, series, NULL);
	buf_append_format(text, " %" PRId64 "\n", series->value);
}

void
metrics_text_write(const struct metrics_snapshot *snapshot, struct buf *text)
{
	static const char *const types[] = {
		[METRICS_COUNTER] = "counter",
		[METRICS_GAUGE] = "gauge",
		[METRICS_HISTOGRAM] = "histogram",
	};
	const struct metrics_series *series = snapshot->series;
	size_t i;

	for (i = 0; i < snapshot->count; i++) {
		const struct metrics_info *info =
		    &metrics_infos[series[i].name];

		if (i == 0 || series[i - 1].name != series[i].name)
			buf_append_format(text, "# HELP %s %s\n# TYPE %s %s\n",
			    info->name, info->help, info->name,
			    types[info->type]);
		metrics_text_write_series(text, &series[i]);
	}
}

bool
metrics_text_read(const char *directory, struct buf *text,
    struct error *error)
{
	struct metrics_snapshot *snapshot =
	    metrics_snapshot_read(directory, error);
	bool readable = snapshot != NULL;

	if (readable)
		metrics_text_write(snapshot, text);
	metrics_snapshot_free(snapshot);
	return readable;
}
