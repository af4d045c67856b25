#include "db/mapping.hpp"
#include "db/repositories.hpp"

namespace clinikk::db {
namespace {

constexpr auto insert_sql = insert_into<ResumableUpload>("resumable_uploads");
constexpr Statement insert_upload{"resumable_upload_insert", insert_sql};

constexpr auto find_sql = sql_text("SELECT ", columns<ResumableUpload>, " FROM resumable_uploads WHERE id = $1");
constexpr Statement find_upload{"resumable_upload_find", find_sql, Sharing::pipelined};

constexpr char is_held[] = " AND EXISTS (SELECT 1 FROM uploads u WHERE u.id = $1 AND u.holder = $2)";

constexpr Statement save_write{"resumable_upload_save_write",
                               "UPDATE uploads SET \"offset\" = $3, length = $4, expires_at = $5"
                               " WHERE id = $1 AND holder = $2"};

constexpr auto save_sql = sql_text(
    "UPDATE resumable_uploads SET \"offset\" = $3, length = $4, is_complete = $5, progress = $6, expires_at = $7"
    " WHERE id = $1",
    is_held);
constexpr Statement save_upload{"resumable_upload_save", save_sql};

// What a client has said of an upload that came to nothing is dropped: nobody limits how many of these there are.
constexpr char forget_texts[] = ", description = '', metadata = '', concat_field = '', pieces = ''";

constexpr auto end_sql = sql_text(
    "UPDATE resumable_uploads SET state = $3, outcome = $4, progress = $5, expires_at = $6 WHERE id = $1", is_held);
constexpr Statement end_upload{"resumable_upload_end", end_sql};
constexpr auto give_up_sql =
    sql_text("UPDATE resumable_uploads SET state = $3, outcome = $4, progress = $5, expires_at = $6", forget_texts,
             " WHERE id = $1", is_held);
constexpr Statement give_up_upload{"resumable_upload_give_up", give_up_sql};

// The bytes of these are there: the collector finds writes that nobody holds and that have expired.
constexpr Statement expire_writes{"resumable_upload_expire_writes",
                                  "UPDATE uploads SET holder = '', lease_until = $2, expires_at = $2"
                                  " WHERE owner_id = $1 AND method = 'resumable'"};
// Pieces that were handed over have a write without an owner.
constexpr Statement expire_pieces{"resumable_upload_expire_pieces",
                                  "UPDATE uploads SET holder = '', lease_until = $2, expires_at = $2 WHERE id IN"
                                  " (SELECT id FROM resumable_uploads WHERE owner_id = $1 AND state = 'done'"
                                  " AND concat = 'partial')"};
constexpr auto cancel_owned_sql =
    sql_text("UPDATE resumable_uploads SET state = 'cancelled', expires_at = $2", forget_texts,
             " WHERE owner_id = $1 AND (state = 'open' OR (state = 'done' AND concat = 'partial'))");
constexpr Statement cancel_uploads{"resumable_upload_cancel_owned", cancel_owned_sql};

constexpr Statement expire_write{"resumable_upload_expire_write",
                                 "UPDATE uploads SET holder = '', lease_until = $2, expires_at = $2 WHERE id = $1"};
constexpr auto abandon_sql = sql_text("UPDATE resumable_uploads SET state = 'cancelled', expires_at = $2", forget_texts,
                                      " WHERE id = $1 AND state = 'open'");
constexpr Statement abandon_upload{"resumable_upload_abandon", abandon_sql};

constexpr Statement hand_over_write{"resumable_upload_hand_over_write",
                                    "UPDATE uploads SET owner_id = NULL, lease_until = $2, expires_at = $2"
                                    " WHERE id = $1 AND holder = ''"};
constexpr Statement hand_over_piece_row{
    "resumable_upload_hand_over",
    "UPDATE resumable_uploads SET expires_at = $2 WHERE id = $1 AND state = 'done' AND concat = 'partial'"};

constexpr auto list_open_sql =
    sql_text("SELECT ", columns<ResumableUpload>,
             " FROM resumable_uploads WHERE owner_id = $1 AND state = 'open' AND id < $2 ORDER BY id DESC LIMIT $3");
constexpr Statement list_open_uploads{"resumable_upload_list_open", list_open_sql};

constexpr auto list_unfinished_sql = sql_text(
    "SELECT ", columns<ResumableUpload>,
    " FROM resumable_uploads WHERE state = 'open' AND is_complete AND id > $2 AND EXISTS (SELECT 1 FROM uploads u"
    " WHERE u.id = resumable_uploads.id AND u.expires_at >= $1 AND (u.holder = '' OR u.lease_until < $1))"
    " ORDER BY id LIMIT $3");
constexpr Statement list_unfinished_uploads{"resumable_upload_list_unfinished", list_unfinished_sql};

constexpr Statement forget_upload{"resumable_upload_forget",
                                  "DELETE FROM resumable_uploads WHERE id = $1 AND state <> 'open'"
                                  " AND NOT EXISTS (SELECT 1 FROM uploads u WHERE u.id = $1)"};

// A row stays as long as its write: it tells the collector how to remove the bytes. The count is not rewritten into a
// join with all writes, as NOT EXISTS would be.
constexpr Statement remove_ended_uploads{
    "resumable_upload_remove_ended",
    "DELETE FROM resumable_uploads WHERE state <> 'open' AND expires_at <= $1 AND id IN"
    " (SELECT r.id FROM resumable_uploads r WHERE r.state <> 'open' AND r.expires_at <= $1"
    " AND (SELECT COUNT(*) FROM uploads u WHERE u.id = r.id) = 0 ORDER BY r.expires_at LIMIT $2)"};

constexpr std::array statements{
    insert_upload,  find_upload,         save_write,          save_upload,       end_upload,
    give_up_upload, expire_writes,       expire_pieces,       cancel_uploads,    expire_write,
    abandon_upload, hand_over_write,     hand_over_piece_row, list_open_uploads, list_unfinished_uploads,
    forget_upload,  remove_ended_uploads};

constexpr Uuid behind_all = [] {
    Uuid id;
    id.bytes.fill(0xFF);
    return id;
}();

class SqlResumableUploadRepository final : public ResumableUploadRepository {
public:
    explicit SqlResumableUploadRepository(Session& session) : session_(session) {}

    Task<> insert(ResumableUpload const& upload) override {
        co_await execute(session_, insert_upload, to_values(upload));
    }

    Task<std::optional<ResumableUpload>> find(Uuid id) override {
        return find_one<ResumableUpload>(session_, find_upload, std::array{to_value(id)});
    }

    Task<bool> save(ResumableUpload const& upload, std::string_view holder) override {
        std::array const write{to_value(upload.id), to_value(holder), to_value(upload.offset), to_value(upload.length),
                               to_value(upload.expires_at)};
        if (co_await execute(session_, save_write, write) == 0) co_return false;
        std::array const parameters{to_value(upload.id),          to_value(holder),
                                    to_value(upload.offset),      to_value(upload.length),
                                    to_value(upload.is_complete), to_value(upload.progress),
                                    to_value(upload.expires_at)};
        co_return co_await execute(session_, save_upload, parameters) > 0;
    }

    Task<bool> end(ResumableUpload const& upload, std::string_view holder) override {
        std::array const parameters{to_value(upload.id),      to_value(holder),          to_value(upload.state),
                                    to_value(upload.outcome), to_value(upload.progress), to_value(upload.expires_at)};
        bool const is_kept = upload.state == ResumableState::done;
        co_return co_await execute(session_, is_kept ? end_upload : give_up_upload, parameters) > 0;
    }

    Task<> cancel_owned(Uuid owner_id, Timestamp at, Timestamp kept_until) override {
        co_await execute(session_, expire_writes, std::array{to_value(owner_id), to_value(at)});
        co_await execute(session_, expire_pieces, std::array{to_value(owner_id), to_value(at)});
        co_await execute(session_, cancel_uploads, std::array{to_value(owner_id), to_value(kept_until)});
    }

    Task<> abandon(Uuid id, Timestamp at, Timestamp kept_until) override {
        std::array const parameters{to_value(id), to_value(kept_until)};
        bool const is_open = co_await execute(session_, abandon_upload, parameters) > 0;
        if (is_open) co_await execute(session_, expire_write, std::array{to_value(id), to_value(at)});
    }

    Task<> hand_over_piece(Uuid id, Timestamp until) override {
        std::array const parameters{to_value(id), to_value(until)};
        bool const is_piece = co_await execute(session_, hand_over_piece_row, parameters) > 0;
        if (is_piece) co_await execute(session_, hand_over_write, parameters);
    }

    Task<std::vector<ResumableUpload>> list_open(Uuid owner_id, std::optional<Uuid> before,
                                                 std::size_t limit) override {
        auto const bound = before.value_or(behind_all);
        std::array const parameters{to_value(owner_id), to_value(bound), to_value(std::uint64_t{limit})};
        co_return co_await find_all<ResumableUpload>(session_, list_open_uploads, parameters);
    }

    Task<std::vector<ResumableUpload>> list_unfinished(Timestamp at, Uuid after, std::size_t limit) override {
        return find_all<ResumableUpload>(session_, list_unfinished_uploads,
                                         std::array{to_value(at), to_value(after), to_value(std::uint64_t{limit})});
    }

    Task<bool> forget(Uuid id) override {
        co_return co_await execute(session_, forget_upload, std::array{to_value(id)}) > 0;
    }

    Task<std::uint64_t> remove_ended(Timestamp at, std::size_t limit) override {
        return execute(session_, remove_ended_uploads, std::array{to_value(at), to_value(std::uint64_t{limit})});
    }

private:
    Session& session_;
};

}  // namespace

std::unique_ptr<ResumableUploadRepository> make_resumable_upload_repository(Session& session) {
    return std::make_unique<SqlResumableUploadRepository>(session);
}

std::span<Statement const> resumable_upload_statements() { return statements; }

}  // namespace clinikk::db
