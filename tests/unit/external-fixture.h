/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXTERNAL_FIXTURE_H
#define EXTERNAL_FIXTURE_H

/*
 * An account at Google without a key, in a file of the fixture's, and an app
 * of FCM with it.
 */
#define EXTERNAL_LEAST "\"app_id\":\"a\",\"provider\":\"fcm\"," \
    "\"service_account_file\":\"external.json\""
#define EXTERNAL_APP "{" EXTERNAL_LEAST ",\"project_id\":\"my-project-1\"}"
#define EXTERNAL_AUDIENCE "//iam.googleapis.com/projects/1/locations/global/" \
    "workloadIdentityPools/pool/providers/one"
#define EXTERNAL_EMAIL "push@my-project-2.iam.gserviceaccount.com"
/* Where a service account is impersonated, and the member that says so. */
#define EXTERNAL_AS_URL(email) "https://iam.example/v1/projects/-/" \
    "serviceAccounts/" email ":generateAccessToken"
#define EXTERNAL_AS(email) "{\"service_account_impersonation_url\":\"" \
    EXTERNAL_AS_URL(email) "\"}"

/*
 * Writes the account's file.  `changes` are members that are set, or removed
 * where they are null; its subject token is in the file "subject".
 */
void external_fixture_write(const char *changes);

/* Opens an app by its settings. */
void *external_fixture_open(const char *section);

/* The same, and loads the file with these changes. */
void *external_fixture_load(const char *section, const char *changes);

#endif
