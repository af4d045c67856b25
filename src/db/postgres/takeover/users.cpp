#include "db/postgres/takeover/users.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "db/postgres/takeover/sql.hpp"
#include "domain/values.hpp"

namespace clinikk::db {
namespace {

constexpr std::string_view table = "users";

/// A bcrypt hash that takes seconds at most to verify; one with 2^31 rounds would take days.
bool is_verifiable(std::string_view hash) {
    constexpr std::string_view most_rounds = "16";
    auto const is_fit = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '/';
    };
    auto const version = hash.substr(0, 4);
    if (hash.size() != 60 || (version != "$2a$" && version != "$2b$" && version != "$2y$") || hash[6] != '$')
        return false;
    auto const rounds = hash.substr(4, 2);
    return rounds >= "04" && rounds <= most_rounds && rounds[1] >= '0' && rounds[1] <= '9' &&
           std::ranges::all_of(hash.substr(7), is_fit);
}

class UserAdoption {
public:
    UserAdoption(BlockingConnection& connection, PocNotes& notes) : connection_(connection), notes_(notes) {
        connection.read_rows("SELECT now()", [this](BlockingConnection::Texts row) { now_ = row[0].value(); });
    }

    void add(BlockingConnection::Texts row) {
        auto const id = row[0].value();
        bool is_active = row[3] == "t";
        if (!row[3]) notes_.add(table, id, "is_active is not set: disabled");
        auto const address = address_of(id, row[1]);
        is_active = is_active && address.is_reachable;
        auto const hash = hash_of(id, row[2]);
        append_copy_row(rows_, std::array<std::optional<std::string_view>, 7>{id, address.email, address.key, hash,
                                                                              "editor", is_active ? "t" : "f", now_});
    }

    void flush() {
        connection_.copy_in("COPY users (id, email, email_key, password_hash, role, is_active, created_at) FROM STDIN",
                            rows_);
        rows_.clear();
        notes_.flush();
    }

private:
    struct Address {
        std::string email;
        std::string key;
        bool is_reachable = false;
    };

    Address address_of(std::string_view id, std::optional<std::string_view> text) {
        auto const email = Email::parse(text.value_or(""));
        // No address has this form, so nobody can log in with it.
        Address address{std::string(text.value_or("")), "poc:" + std::string(id)};
        if (!email) {
            notes_.add(table, id, "email is no address that this service takes: kept, disabled");
            return address;
        }
        auto const [holder, is_first] = holders_.try_emplace(email->key(), id);
        if (is_first) return {email->value(), email->key(), true};
        notes_.add(table, id,
                   "email differs from that of " + holder->second + " only in case or form: kept, disabled; " +
                       holder->second + " keeps the address");
        return address;
    }

    /// A hash that cannot be verified is kept after an exclamation mark, as in shadow(5).
    std::string hash_of(std::string_view id, std::optional<std::string_view> hash) {
        if (hash && is_verifiable(*hash)) return std::string(*hash);
        notes_.add(table, id, "hashed_password is no bcrypt hash: no password fits until one is set");
        return '!' + std::string(hash.value_or(""));
    }

    BlockingConnection& connection_;
    PocNotes& notes_;
    std::string now_;
    std::string rows_;
    std::unordered_map<std::string, std::string> holders_;  ///< the ids of addresses, by key
};

}  // namespace

void adopt_poc_users(BlockingConnection& connection, PocNotes& notes) {
    UserAdoption adoption(connection, notes);
    for_each_poc_row(
        connection, sql::select_users, [&adoption](BlockingConnection::Texts row) { adoption.add(row); },
        [&adoption] { adoption.flush(); });
}

}  // namespace clinikk::db
