#include "db/mapping.hpp"
#include "db/repositories.hpp"

namespace clinikk::db {

namespace {

constexpr auto insert_sql = insert_into<Upload>("uploads");
constexpr Statement insert_upload{"upload_insert", insert_sql};

constexpr Statement renew_upload{"upload_renew",
                                 "UPDATE uploads SET \"offset\" = $3, lease_until = $4 WHERE id = $1 AND holder = $2"};

constexpr Statement start_upload_commit{"upload_start_commit",
                                        "UPDATE uploads SET state = 'committing', object_key = $3, lease_until = $4"
                                        " WHERE id = $1 AND holder = $2"};

constexpr Statement take_over_upload{
    "upload_take_over", "UPDATE uploads SET holder = $2, lease_until = $4 WHERE id = $1 AND lease_until < $3"};

constexpr Statement hand_over_upload{
    "upload_hand_over",
    "UPDATE uploads SET holder = '', state = 'receiving', object_key = $3, s3_upload_id = $4, lease_until = $5,"
    " expires_at = $5 WHERE id = $1 AND holder = $2"};

constexpr Statement claim_upload{"upload_claim",
                                 "UPDATE uploads SET holder = $2, state = 'committing', lease_until = $4"
                                 " WHERE id = $1 AND method = 'direct' AND (holder = '' OR lease_until < $3)"
                                 " AND expires_at >= $3"};

constexpr Statement claim_resumable_upload{
    "upload_claim_resumable",
    "UPDATE uploads SET holder = $2, lease_until = $4 WHERE id = $1 AND method = 'resumable'"
    " AND (holder = '' OR lease_until < $3) AND expires_at >= $3"};

constexpr Statement release_resumable_upload{
    "upload_release_resumable",
    "UPDATE uploads SET holder = '', state = 'receiving', lease_until = $3, expires_at = $3"
    " WHERE id = $1 AND holder = $2 AND method = 'resumable'"};

constexpr Statement finish_upload{"upload_finish", "DELETE FROM uploads WHERE id = $1 AND holder = $2"};

constexpr auto find_sql = sql_text("SELECT ", columns<Upload>, " FROM uploads WHERE id = $1");
constexpr Statement find_upload{"upload_find", find_sql, Sharing::pipelined};

// Scans the table: few writes are in flight, and the question is only asked about what looks like a stray.
constexpr Statement count_writes{"upload_count_writes",
                                 "SELECT COUNT(*) FROM uploads WHERE id = $2 OR object_id = $2 OR object_key = $1"};

// A comparison with an absent length is unknown, so `offset` is used. The cast is for PostgreSQL, where the sum of
// bigints is a numeric. What a resumable upload has reserved stays reserved when its holder has died.
constexpr Statement sum_uploads_in_flight{
    "upload_in_flight",
    "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN length > \"offset\" THEN length ELSE \"offset\" END), 0) AS BIGINT)"
    " FROM uploads WHERE owner_id = $1 AND (lease_until > $2 OR (method = 'resumable' AND expires_at > $2))"};

constexpr auto list_abandoned_sql =
    sql_text("SELECT ", columns<Upload>, " FROM uploads WHERE lease_until < $1 ORDER BY lease_until, id LIMIT $2");
constexpr Statement list_abandoned_uploads{"upload_list_abandoned", list_abandoned_sql};

constexpr std::array statements{insert_upload,         renew_upload, start_upload_commit,    take_over_upload,
                                hand_over_upload,      claim_upload, claim_resumable_upload, release_resumable_upload,
                                finish_upload,         find_upload,  count_writes,           sum_uploads_in_flight,
                                list_abandoned_uploads};

class SqlUploadRepository final : public UploadRepository {
public:
    explicit SqlUploadRepository(Session& session) : session_(session) {}

    Task<> insert(Upload const& upload) override { co_await execute(session_, insert_upload, to_values(upload)); }

    Task<bool> renew(Uuid id, std::string_view holder, std::int64_t offset, Timestamp lease_until) override {
        std::array const parameters{to_value(id), to_value(holder), to_value(offset), to_value(lease_until)};
        co_return co_await execute(session_, renew_upload, parameters) > 0;
    }

    Task<bool> start_commit(Uuid id, std::string_view holder, std::string_view object_key,
                            Timestamp lease_until) override {
        std::array const parameters{to_value(id), to_value(holder), to_value(object_key), to_value(lease_until)};
        co_return co_await execute(session_, start_upload_commit, parameters) > 0;
    }

    Task<bool> take_over(Uuid id, std::string_view holder, Timestamp at, Timestamp lease_until) override {
        std::array const parameters{to_value(id), to_value(holder), to_value(at), to_value(lease_until)};
        co_return co_await execute(session_, take_over_upload, parameters) > 0;
    }

    Task<bool> hand_over(Upload const& upload, std::string_view holder) override {
        std::array const parameters{to_value(upload.id), to_value(holder), to_value(upload.object_key),
                                    to_value(upload.s3_upload_id), to_value(upload.expires_at)};
        co_return co_await execute(session_, hand_over_upload, parameters) > 0;
    }

    Task<bool> claim(Uuid id, std::string_view holder, Timestamp at, Timestamp lease_until) override {
        std::array const parameters{to_value(id), to_value(holder), to_value(at), to_value(lease_until)};
        co_return co_await execute(session_, claim_upload, parameters) > 0;
    }

    Task<bool> claim_resumable(Uuid id, std::string_view holder, Timestamp at, Timestamp lease_until) override {
        std::array const parameters{to_value(id), to_value(holder), to_value(at), to_value(lease_until)};
        co_return co_await execute(session_, claim_resumable_upload, parameters) > 0;
    }

    Task<bool> release_resumable(Uuid id, std::string_view holder, Timestamp expires_at) override {
        std::array const parameters{to_value(id), to_value(holder), to_value(expires_at)};
        co_return co_await execute(session_, release_resumable_upload, parameters) > 0;
    }

    Task<bool> finish(Uuid id, std::string_view holder) override {
        std::array const parameters{to_value(id), to_value(holder)};
        co_return co_await execute(session_, finish_upload, parameters) > 0;
    }

    Task<std::optional<Upload>> find(Uuid id) override {
        return find_one<Upload>(session_, find_upload, std::array{to_value(id)});
    }

    Task<bool> is_writing(std::string_view object_key, Uuid object_id) override {
        co_return co_await get_number(session_, count_writes, std::array{to_value(object_key), to_value(object_id)}) >
            0;
    }

    Task<UploadsInFlight> in_flight(Uuid owner_id, Timestamp at) override {
        std::array const parameters{to_value(owner_id), to_value(at)};
        auto const sum = co_await find_one<UploadsInFlight>(session_, sum_uploads_in_flight, parameters);
        co_return sum.value();
    }

    Task<std::vector<Upload>> list_abandoned(Timestamp before, std::size_t limit) override {
        return find_all<Upload>(session_, list_abandoned_uploads,
                                std::array{to_value(before), to_value(std::uint64_t{limit})});
    }

private:
    Session& session_;
};

}  // namespace

std::unique_ptr<UploadRepository> make_upload_repository(Session& session) {
    return std::make_unique<SqlUploadRepository>(session);
}

std::span<Statement const> upload_statements() { return statements; }

}  // namespace clinikk::db
