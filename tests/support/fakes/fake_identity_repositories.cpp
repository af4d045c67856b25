#include <algorithm>

#include "support/fakes/fake_table.hpp"

namespace clinikk::testing {
namespace {

class FakeSecondFactors final : public SecondFactorRepository, Repository {
public:
    using Repository::Repository;

    Task<> replace(Totp const& totp) override {
        return write("second_factors.replace", [totp](Tables& tables) {
            require(tables.users.contains(totp.user_id), "totp_user_id_fkey");
            erase(tables, totp.user_id);
            tables.totp.emplace(totp.user_id, totp);
        });
    }

    Task<std::optional<Totp>> find(Uuid user_id) override {
        return read("second_factors.find", [user_id](Tables const& tables) { return find_row(tables.totp, user_id); });
    }

    Task<bool> accept_step(Uuid user_id, std::int64_t step, std::string const& sealed_secret) override {
        return write("second_factors.accept_step", [user_id, step, sealed_secret](Tables& tables) -> bool {
            auto const place = tables.totp.find(user_id);
            if (place == tables.totp.end() || place->second.last_step >= step) return false;
            place->second.last_step = step;
            place->second.sealed_secret = sealed_secret;
            return true;
        });
    }

    Task<> confirm(Uuid user_id, Timestamp at) override {
        return write("second_factors.confirm", [user_id, at](Tables& tables) {
            auto const place = tables.totp.find(user_id);
            if (place != tables.totp.end()) place->second.confirmed_at = at;
        });
    }

    Task<> remove(Uuid user_id) override {
        return write("second_factors.remove", [user_id](Tables& tables) { erase(tables, user_id); });
    }

    Task<> insert_recovery_code(RecoveryCode const& code) override {
        return write("second_factors.insert_recovery_code", [code](Tables& tables) {
            require(tables.totp.contains(code.user_id), "recovery_codes_user_id_fkey");
            require(tables.recovery_codes.emplace(code.code_hash, code).second, "recovery_codes_pkey");
        });
    }

    Task<bool> use_recovery_code(Uuid user_id, Sha256Digest const& code_hash) override {
        return write("second_factors.use_recovery_code", [user_id, code_hash](Tables& tables) -> bool {
            auto const place = tables.recovery_codes.find(code_hash);
            if (place == tables.recovery_codes.end() || place->second.user_id != user_id) return false;
            tables.recovery_codes.erase(place);
            return true;
        });
    }

private:
    static void erase(Tables& tables, Uuid user_id) {
        tables.totp.erase(user_id);
        std::erase_if(tables.recovery_codes, [&](auto const& row) { return row.second.user_id == user_id; });
    }
};

class FakeIdentities final : public IdentityRepository, Repository {
public:
    using Repository::Repository;

    Task<std::optional<Identity>> find(std::string_view issuer, std::string_view subject) override {
        std::pair const key{std::string(issuer), std::string(subject)};
        return read("identities.find", [key](Tables const& tables) -> std::optional<Identity> {
            auto const place = tables.identities.find(key);
            return place == tables.identities.end() ? std::nullopt : std::optional(place->second);
        });
    }

    Task<bool> insert(Identity const& identity) override {
        return write("identities.insert", [identity](Tables& tables) -> bool {
            require(tables.users.contains(identity.user_id), "identities_user_id_fkey");
            bool const is_linked = std::ranges::any_of(tables.identities, [&](auto const& row) {
                return row.second.user_id == identity.user_id && row.second.issuer == identity.issuer;
            });
            if (is_linked) return false;
            return tables.identities.emplace(std::pair(identity.issuer, identity.subject), identity).second;
        });
    }

    Task<> insert_sign_in(SignIn const& sign_in) override {
        return write("identities.insert_sign_in", [sign_in](Tables& tables) {
            require(tables.sign_ins.emplace(sign_in.state_hash, sign_in).second, "sign_ins_pkey");
        });
    }

    Task<std::optional<SignIn>> take_sign_in(Sha256Digest const& state_hash,
                                             Sha256Digest const& browser_hash) override {
        return write("identities.take_sign_in", [state_hash, browser_hash](Tables& tables) -> std::optional<SignIn> {
            auto const place = tables.sign_ins.find(state_hash);
            if (place == tables.sign_ins.end() || place->second.browser_hash != browser_hash) return std::nullopt;
            return std::move(tables.sign_ins.extract(place).mapped());
        });
    }

    Task<> insert_code(SignInCode const& code) override {
        return write("identities.insert_code", [code](Tables& tables) {
            require(tables.users.contains(code.user_id), "sign_in_codes_user_id_fkey");
            require(tables.sign_in_codes.emplace(code.code_hash, code).second, "sign_in_codes_pkey");
        });
    }

    Task<std::optional<SignInCode>> find_code(Sha256Digest const& code_hash) override {
        return read("identities.find_code", [code_hash](Tables const& tables) -> std::optional<SignInCode> {
            auto const place = tables.sign_in_codes.find(code_hash);
            return place == tables.sign_in_codes.end() ? std::nullopt : std::optional(place->second);
        });
    }

    Task<std::optional<SignInCode>> take_code(Sha256Digest const& code_hash) override {
        return write("identities.take_code", [code_hash](Tables& tables) -> std::optional<SignInCode> {
            auto const place = tables.sign_in_codes.find(code_hash);
            if (place == tables.sign_in_codes.end()) return std::nullopt;
            return std::move(tables.sign_in_codes.extract(place).mapped());
        });
    }

    Task<> remove_expired(Timestamp before) override {
        return write("identities.remove_expired", [before](Tables& tables) {
            auto const is_expired = [&](auto const& row) { return row.second.expires_at < before; };
            std::erase_if(tables.sign_ins, is_expired);
            std::erase_if(tables.sign_in_codes, is_expired);
        });
    }
};

}  // namespace

std::unique_ptr<SecondFactorRepository> make_fake_second_factor_repository(TableAccess const& access, Calls& calls) {
    return std::make_unique<FakeSecondFactors>(access, calls);
}

std::unique_ptr<IdentityRepository> make_fake_identity_repository(TableAccess const& access, Calls& calls) {
    return std::make_unique<FakeIdentities>(access, calls);
}

}  // namespace clinikk::testing
