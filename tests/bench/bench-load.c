/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts load on a gateway as a caller would, and says how it fared:
 *
 *	bench-load URL CA CERTIFICATE KEY BODY COUNT AT-ONCE
 *
 * posts the file BODY so many times, so many at once, over HTTP/1.1
 * connections that are kept, and prints a line with the rate and percentiles
 * of the time to the first result and to the end, in milliseconds.  An answer
 * has failed that is no 200, is cut, takes over 15 seconds, or differs from the
 * first one.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

enum {
	BENCH_BODY_SIZE = 4 * 1024 * 1024,
	BENCH_ANSWER_SIZE = 64 * 1024,
	BENCH_PATIENCE_S = 15
};

struct bench_answer {
	char text[BENCH_ANSWER_SIZE];
	size_t size;		/* of the whole, also if it had no room */
};

struct bench_call {
	CURL *easy;
	double started;
	double first;		/* 0 until the first byte of the body */
	struct bench_answer answer;
};

struct bench {
	const char *url;
	const char *ca;
	const char *certificate;
	const char *key;
	char *body;
	size_t body_size;
	size_t count;
	size_t at_once;
	size_t begun;
	size_t done;
	size_t failed;
	double *first_ms;
	double *total_ms;
	struct curl_slist *headers;
	CURLM *multi;
	struct bench_answer expected;	/* of size 0 until there is one */
};

static double
bench_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static size_t
bench_on_body(char *data, size_t size, size_t count, void *arg)
{
	struct bench_call *call = arg;
	struct bench_answer *answer = &call->answer;

	if (call->first == 0)
		call->first = bench_now_ms();
	if (answer->size + size * count <= sizeof answer->text)
		memcpy(answer->text + answer->size, data, size * count);
	answer->size += size * count;
	return size * count;
}

static bool
bench_succeeded(struct bench *bench, const struct bench_call *call,
    const CURLMsg *message)
{
	long status = 0;

	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	if (message->data.result != CURLE_OK || status != 200)
		return false;
	if (bench->expected.size == 0)
		bench->expected = call->answer;
	return call->answer.size == bench->expected.size &&
	    call->answer.size <= sizeof call->answer.text &&
	    memcmp(call->answer.text, bench->expected.text,
	    call->answer.size) == 0;
}

static void
bench_begin(struct bench *bench, struct bench_call *call)
{
	if (bench->begun == bench->count)
		return;
	bench->begun++;
	call->started = bench_now_ms();
	call->first = 0;
	call->answer.size = 0;
	curl_multi_add_handle(bench->multi, call->easy);
}

static void
bench_prepare(const struct bench *bench, struct bench_call *call)
{
	CURL *easy = curl_easy_init();

	call->easy = easy;
	curl_easy_setopt(easy, CURLOPT_URL, bench->url);
	curl_easy_setopt(easy, CURLOPT_CAINFO, bench->ca);
	curl_easy_setopt(easy, CURLOPT_SSLCERT, bench->certificate);
	curl_easy_setopt(easy, CURLOPT_SSLKEY, bench->key);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, bench->headers);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, bench->body);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)bench->body_size);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, bench_on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)BENCH_PATIENCE_S);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
}

static void
bench_complain(const struct bench_call *call, const CURLMsg *message)
{
	long status = 0;

	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	fprintf(stderr, "failed after %.0f ms: %s, status %ld, %zu bytes\n",
	    bench_now_ms() - call->started,
	    curl_easy_strerror(message->data.result), status,
	    call->answer.size);
}

static void
bench_collect(struct bench *bench)
{
	struct bench_call *call;
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(bench->multi, &left)) != NULL) {
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
		    (char **)&call);
		if (!bench_succeeded(bench, call, message)) {
			bench->failed++;
			bench_complain(call, message);
		}
		bench->first_ms[bench->done] = call->first - call->started;
		bench->total_ms[bench->done++] =
		    bench_now_ms() - call->started;
		curl_multi_remove_handle(bench->multi, call->easy);
		bench_begin(bench, call);
	}
}

static int
bench_compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static double
bench_percentile(double *values, size_t count, double part)
{
	qsort(values, count, sizeof *values, bench_compare);
	return values[(size_t)((double)(count - 1) * part)];
}

static void
bench_run(struct bench *bench)
{
	struct bench_call *calls = calloc(bench->at_once, sizeof *calls);
	double started, elapsed_ms;
	int running;
	size_t i;

	if (calls == NULL)
		exit(1);
	for (i = 0; i < bench->at_once; i++)
		bench_prepare(bench, &calls[i]);
	started = bench_now_ms();
	for (i = 0; i < bench->at_once; i++)
		bench_begin(bench, &calls[i]);
	while (bench->done < bench->count) {
		curl_multi_perform(bench->multi, &running);
		bench_collect(bench);
		curl_multi_poll(bench->multi, NULL, 0, 1000, NULL);
	}
	elapsed_ms = bench_now_ms() - started;
	printf("requests %zu failed %zu rate/s %.0f first p50 %.1f p99 %.1f "
	    "total p50 %.1f p99 %.1f\n", bench->count, bench->failed,
	    (double)bench->count * 1000 / elapsed_ms,
	    bench_percentile(bench->first_ms, bench->count, 0.5),
	    bench_percentile(bench->first_ms, bench->count, 0.99),
	    bench_percentile(bench->total_ms, bench->count, 0.5),
	    bench_percentile(bench->total_ms, bench->count, 0.99));
	for (i = 0; i < bench->at_once; i++)
		curl_easy_cleanup(calls[i].easy);
	free(calls);
}

int
main(int argc, char **argv)
{
	struct bench bench = { .failed = 0 };
	FILE *file;

	if (argc != 8 || (file = fopen(argv[5], "rb")) == NULL) {
		fprintf(stderr, "usage: bench-load URL CA CERTIFICATE KEY "
		    "BODY COUNT AT-ONCE\n");
		return 64;
	}
	bench.url = argv[1];
	bench.ca = argv[2];
	bench.certificate = argv[3];
	bench.key = argv[4];
	bench.count = strtoul(argv[6], NULL, 10);
	bench.at_once = strtoul(argv[7], NULL, 10);
	bench.body = calloc(1, BENCH_BODY_SIZE);
	bench.first_ms = calloc(bench.count, sizeof *bench.first_ms);
	bench.total_ms = calloc(bench.count, sizeof *bench.total_ms);
	if (bench.body == NULL || bench.first_ms == NULL ||
	    bench.total_ms == NULL || bench.count == 0 || bench.at_once == 0)
		return 1;
	bench.body_size = fread(bench.body, 1, BENCH_BODY_SIZE, file);
	fclose(file);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	bench.multi = curl_multi_init();
	bench.headers = curl_slist_append(NULL,
	    "Content-Type: application/json");
	bench_run(&bench);
	curl_slist_free_all(bench.headers);
	curl_multi_cleanup(bench.multi);
	curl_global_cleanup();
	free(bench.body);
	free(bench.first_ms);
	free(bench.total_ms);
	return bench.failed == 0 ? 0 : 1;
}
