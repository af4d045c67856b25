#include "security/password_hasher.hpp"

#include <crypt.h>
#include <sodium.h>

#include <array>
#include <cerrno>
#include <new>
#include <stdexcept>
#include <string>

#include "domain/unicode.hpp"
#include "domain/values.hpp"
#include "security/waiting_room.hpp"

namespace clinikk {
namespace {

/// bcrypt reads no more of a password.
constexpr std::size_t bcrypt_bytes = 72;

/// The normal form of a password; the destructor wipes it. A password that is not UTF-8 has none.
class NormalPassword {
public:
    explicit NormalPassword(std::string_view password) : text_(to_nfkc(password)) {}
    NormalPassword(NormalPassword const&) = delete;
    NormalPassword& operator=(NormalPassword const&) = delete;
    ~NormalPassword() {
        if (text_) sodium_memzero(text_->data(), text_->size());
    }

    explicit operator bool() const noexcept { return text_.has_value(); }
    std::string_view text() const noexcept { return *text_; }

private:
    std::optional<std::string> text_;
};

bool verify_argon2(std::string_view password, std::string const& hash) {
    errno = 0;
    if (crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0) return true;
    // A lack of memory must not look like a wrong password.
    if (errno == ENOMEM) throw std::bad_alloc();
    return false;
}

bool verify_bcrypt(std::string_view password, std::string const& hash) {
    if (password.find('\0') != password.npos) return false;
    auto const work = std::make_unique<crypt_data>();
    std::string phrase(password.substr(0, bcrypt_bytes));
    auto const* const made = crypt_r(phrase.c_str(), hash.c_str(), work.get());
    bool const same = made != nullptr && std::string_view(made).size() == hash.size() &&
                      sodium_memcmp(made, hash.data(), hash.size()) == 0;
    sodium_memzero(phrase.data(), phrase.size());
    sodium_memzero(work.get(), sizeof *work);
    return same;
}

bool is_bcrypt(std::string_view hash) noexcept {
    return hash.starts_with("$2a$") || hash.starts_with("$2b$") || hash.starts_with("$2y$");
}

bool is_argon2(std::string_view hash) noexcept { return hash.starts_with("$argon2"); }

class Argon2PasswordHasher final : public PasswordHasher {
public:
    Argon2PasswordHasher(BlockingPool& pool, PasswordCost cost, std::size_t places)
        : pool_(pool), cost_(cost), room_(places) {
        // A hash that no password has. Comparing with it costs as much as with any other hash.
        nobodys_hash_ = "$argon2id$v=19$m=" + std::to_string(cost.memory / 1024) +
                        ",t=" + std::to_string(cost.operations) + ",p=1$" + std::string(22, 'A') + "$" +
                        std::string(43, 'A');
    }

    Task<Result<std::string>> hash(std::string_view password, HashingClient client) override {
        auto const place = room_.enter(std::move(client));
        if (!place) co_return Error::passing(ErrorCode::unavailable, room_.wait());
        auto const work = [this, password] { return make_hash(password); };
        co_return co_await pool_.run(work);
    }

    Task<Result<bool>> verify(std::string_view password, std::string_view hash, HashingClient client) override {
        auto const place = room_.enter(std::move(client));
        if (!place) co_return Error::passing(ErrorCode::unavailable, room_.wait());
        auto const work = [this, password, hash] { return matches(password, std::string(hash)); };
        co_return co_await pool_.run(work);
    }

    bool is_outdated(std::string_view hash) const override {
        bool const is_current_kind = hash.starts_with("$argon2id$") && hash.find(",p=1$") != hash.npos;
        return !is_current_kind ||
               crypto_pwhash_str_needs_rehash(std::string(hash).c_str(), cost_.operations, cost_.memory) != 0;
    }

private:
    std::string make_hash(std::string_view password) const {
        NormalPassword const normal(password);
        if (!normal) throw std::invalid_argument("a password to be hashed is not UTF-8");
        std::array<char, crypto_pwhash_STRBYTES> made{};
        if (crypto_pwhash_str_alg(made.data(), normal.text().data(), normal.text().size(), cost_.operations,
                                  cost_.memory, crypto_pwhash_ALG_ARGON2ID13) != 0) {
            throw std::bad_alloc();
        }
        return made.data();
    }

    bool matches(std::string_view password, std::string const& hash) const {
        bool const acceptable = password.size() <= max_password_bytes;
        if (acceptable && is_bcrypt(hash)) return verify_bcrypt(password, hash);
        NormalPassword const normal(acceptable ? password : std::string_view());
        // Text that is not a hash of ours costs as much as one, so that an account that was taken over without a
        // password cannot be told apart.
        if (!acceptable || !normal || !is_argon2(hash)) {
            verify_argon2("", nobodys_hash_);
            return false;
        }
        return verify_argon2(normal.text(), hash);
    }

    BlockingPool& pool_;
    PasswordCost cost_;
    WaitingRoom room_;
    std::string nobodys_hash_;
};

}  // namespace

std::unique_ptr<PasswordHasher> make_password_hasher(BlockingPool& pool, PasswordCost cost, std::size_t places) {
    if (sodium_init() < 0) throw std::runtime_error("libsodium cannot be initialised");
    if (cost.operations < crypto_pwhash_argon2id_OPSLIMIT_MIN ||
        cost.operations > crypto_pwhash_argon2id_OPSLIMIT_MAX || cost.memory < crypto_pwhash_argon2id_MEMLIMIT_MIN ||
        cost.memory > crypto_pwhash_argon2id_MEMLIMIT_MAX) {
        throw std::invalid_argument("the cost of password hashing is out of bounds");
    }
    return std::make_unique<Argon2PasswordHasher>(pool, cost, places);
}

}  // namespace clinikk
