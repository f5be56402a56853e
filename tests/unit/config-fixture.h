/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIG_FIXTURE_H
#define CONFIG_FIXTURE_H

/*
 * A configuration with credentials, for tests that stand on a whole one.
 *
 * The apps: "ios" and "ios-twin" are APNs with one key, "ios-other" is APNs
 * with another one, "android" is FCM, which asks for its token, and "lost" is
 * APNs with a key that is not there.  Of the clients "narrow", with a
 * certificate of its own, may address those whose names begin with "ios";
 * "caller" is whoever else has a verified certificate, and may address all.
 */
#define CONFIG_FIXTURE_TOKEN_URL "https://oauth.test/token"

/*
 * Writes it, with further members that are each ended by a comma, or "", and
 * returns its path.  The state directory is another one each time.
 */
const char *config_fixture_write(const char *settings);

/* The same with other members, for a reload: all else stays. */
const char *config_fixture_rewrite(const char *settings);

/*
 * Further apps from the next one on: text that follows the others, each
 * behind a comma, and must stay where it is; or "".
 */
void config_fixture_set_apps(const char *apps);

/* Likewise further members of the client "narrow", or of "caller". */
void config_fixture_set_narrow(const char *members);
void config_fixture_set_caller(const char *members);

/* The state directory of the last one; other processes have others. */
const char *config_fixture_state_directory(void);

/* Writes the key of "lost", or removes it again. */
void config_fixture_find_lost_key(void);
void config_fixture_lose_key(void);

/* Certificates in PEM: of "caller", and of "narrow". */
extern const char config_fixture_certificate[];
extern const char config_fixture_narrow_certificate[];

#endif
