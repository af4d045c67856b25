#include "app/settings.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "app/settings_table.hpp"

namespace clinikk::app {
namespace {

/// Checks the settings of a bucket.
void check_storage(StorageSettings& storage) {
    if (!storage.is_s3 && !storage.has_bucket()) return;
    if (!storage.has_bucket()) throw SettingError("STORAGE_BUCKET must be set for STORAGE_PROVIDER S3");
    auto& region = storage.s3.region;
    if (region.empty()) region = storage.default_region;
    if (region.empty()) {
        if (storage.s3.endpoint.empty()) throw SettingError("AWS_REGION must be set, or AWS_ENDPOINT_URL");
        region = "us-east-1";
    }
    if (storage.keys.access_key_id.empty() != storage.keys.secret_access_key.empty()) {
        throw SettingError("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set together");
    }
}

void check_tokens(TokenOptions const& tokens) {
    bool const key_pair = tokens.algorithm == "RS256" || tokens.algorithm == "ES256";
    if (key_pair && !tokens.secret_or_private_key_pem.starts_with("-----BEGIN")) {
        throw SettingError("SECRET_KEY must be a private key in PEM form for ALGORITHM " + tokens.algorithm);
    }
}

/// Checks the cost of a password hash: the least memory for a number of iterations (OWASP Password Storage Cheat
/// Sheet).
void check_password_cost(PasswordCost const& cost) {
    constexpr std::array<std::size_t, 5> least_mebibytes{46, 19, 12, 9, 7};  // for 1, 2, 3, 4, 5 and more iterations
    auto const least = least_mebibytes[std::min<std::size_t>(cost.operations, least_mebibytes.size()) - 1];
    if (cost.memory < least << 20U) {
        throw SettingError("PASSWORD_MEMORY must be at least " + std::to_string(least) +
                           "MiB for PASSWORD_ITERATIONS " + std::to_string(cost.operations));
    }
}

/// Checks what mail needs, and what needs mail.
void check_mail(Settings const& settings) {
    auto const& smtp = settings.smtp;
    if (smtp.url.empty()) {
        if (!settings.sessions.require_verified_email) return;
        throw SettingError("REQUIRE_VERIFIED_EMAIL needs SMTP_URL: without mail no address can be verified");
    }
    if (smtp.sender.address.empty()) throw SettingError("MAIL_FROM must be set for SMTP_URL");
    auto const& links = settings.account_links;
    if (links.password_reset_url.empty()) throw SettingError("PASSWORD_RESET_URL must be set for SMTP_URL");
    if (links.email_verification_url.empty()) throw SettingError("EMAIL_VERIFICATION_URL must be set for SMTP_URL");
    bool const has_password = !smtp.password.empty() || !settings.smtp_password_file.empty();
    if (smtp.username.empty() == has_password) {
        throw SettingError("SMTP_USERNAME and SMTP_PASSWORD, or SMTP_PASSWORD_FILE, must be set together");
    }
}

/// Writes the pairs of libpq: `user='clinic' dbname='tv' `. Source: PostgreSQL documentation, "Keyword/Value Connection
/// Strings".
std::string conninfo_of(PostgresParts const& parts) {
    std::array<std::pair<char const*, std::string const*>, 5> const pairs{{{"user", &parts.user},
                                                                           {"password", &parts.password},
                                                                           {"dbname", &parts.dbname},
                                                                           {"host", &parts.host},
                                                                           {"port", &parts.port}}};
    std::string text;
    for (auto const& [key, value] : pairs) {
        if (value->empty()) continue;
        text.append(key).append("='");
        for (char const c : *value) {
            if (c == '\'' || c == '\\') text += '\\';
            text += c;
        }
        text += "' ";
    }
    return text;
}

/// Uses `POSTGRES_…`, unless DATABASE_URL is set.
void compose_database(DatabaseSettings& database) {
    if (!database.url.empty()) return;
    database.url = conninfo_of(database.parts);
    if (!database.url.empty() && (database.parts.user.empty() || database.parts.dbname.empty())) {
        throw SettingError("POSTGRES_USER and POSTGRES_DB must both be set, or none of the POSTGRES settings");
    }
}

void check_sign_in(Settings const& settings) {
    auto const& provider = settings.identity_provider;
    if (provider.issuer.empty()) return;
    if (provider.client_id.empty()) throw SettingError("OIDC_ISSUER needs OIDC_CLIENT_ID");
    if (settings.redirect_urls.empty()) throw SettingError("OIDC_ISSUER needs OIDC_REDIRECT_URLS");
}

}  // namespace

Settings resolve_settings(GivenSettings const& given) {
    Settings settings;
    for (auto const& [setting, text, source] : find_settings(given)) {
        try {
            setting.apply(settings, text);
        } catch (std::invalid_argument const& wrong) {
            throw SettingError(std::string(setting.name) + ' ' + wrong.what());
        }
    }
    check_tokens(settings.tokens);
    check_password_cost(settings.password_cost);
    check_storage(settings.storage);
    check_mail(settings);
    check_sign_in(settings);
    compose_database(settings.database);
    return settings;
}

}  // namespace clinikk::app
