#include "support/fakes/fake_stores.hpp"

#include "support/fakes/fake_table.hpp"

namespace clinikk::testing {
namespace {

class FakeOutbox final : public Outbox, Repository {
public:
    using Repository::Repository;

    Task<> publish(Event const& event) override {
        return write("outbox.publish", [event](Tables& tables) { tables.outbox.push_back(event); });
    }

    Task<std::uint64_t> prune(Timestamp before) override {
        return write("outbox.prune", [before](Tables& tables) -> std::uint64_t {
            return std::erase_if(tables.outbox, [&](Event const& event) { return event.created_at < before; });
        });
    }
};

}  // namespace

std::unique_ptr<Outbox> make_fake_outbox(TableAccess const& access, Calls& calls) {
    return std::make_unique<FakeOutbox>(access, calls);
}

namespace {

class FakeStores final : public Stores {
public:
    FakeStores(TableAccess access, Calls& calls)
        : access_(std::move(access)),
          users_(make_fake_user_store(access_, calls)),
          sessions_(make_fake_session_store(access_, calls)),
          contents_(make_fake_content_store(access_, calls)),
          objects_(make_fake_object_table(access_, calls)),
          uploads_(make_fake_upload_store(access_, calls)),
          outbox_(make_fake_outbox(access_, calls)) {}

    UserStore& users() override { return *users_; }
    SessionStore& sessions() override { return *sessions_; }
    ContentStore& contents() override { return *contents_; }
    ObjectTable& objects() override { return *objects_; }
    UploadStore& uploads() override { return *uploads_; }
    Outbox& outbox() override { return *outbox_; }

private:
    TableAccess access_;
    std::unique_ptr<UserStore> users_;
    std::unique_ptr<SessionStore> sessions_;
    std::unique_ptr<ContentStore> contents_;
    std::unique_ptr<ObjectTable> objects_;
    std::unique_ptr<UploadStore> uploads_;
    std::unique_ptr<Outbox> outbox_;
};

}  // namespace

std::unique_ptr<Stores> make_fake_stores(TableAccess access, Calls& calls) {
    return std::make_unique<FakeStores>(std::move(access), calls);
}

}  // namespace clinikk::testing
