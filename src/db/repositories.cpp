#include "db/repositories.hpp"

namespace clinikk::db {

std::vector<Statement> all_statements() {
    std::vector<Statement> all;
    for (auto const part :
         {user_statements(), session_statements(), second_factor_statements(), identity_statements(),
          account_token_statements(), api_key_statements(), invite_statements(), throttle_statements(),
          content_statements(), object_statements(), upload_statements(), resumable_upload_statements(),
          audit_statements(), idempotency_statements(), outbox_statements(), signal_statements(), check_statements()}) {
        all.insert(all.end(), part.begin(), part.end());
    }
    return all;
}

}  // namespace clinikk::db
