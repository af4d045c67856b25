#include "app/settings.hpp"

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
    check_storage(settings.storage);
    compose_database(settings.database);
    return settings;
}

}  // namespace clinikk::app
