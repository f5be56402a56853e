/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_WEBPUSH_ANSWER_H
#define PROVIDER_WEBPUSH_ANSWER_H

#include "http/message.h"
#include "provider/outcome.h"

/*
 * What an answer of a push service means: of Apple's, Mozilla's, Google's or
 * Microsoft's, or of anybody's who follows RFC 8030, as UnifiedPush does.
 */
void webpush_answer_judge(const struct http_reply *reply,
    struct outcome *outcome);

#endif
