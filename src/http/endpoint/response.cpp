#include "http/endpoint/response.hpp"

#include <charconv>

namespace clinikk::http {
namespace {

void append_number(std::string& out, std::uint64_t number) {
    char digits[20];
    auto const end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    out.append(digits, end);
}

/// 1xx, 204 and 304 have no content and no length (RFC 9110 section 8.6).
constexpr bool has_no_content(int status) { return status < 200 || status == 204 || status == 304; }

void append_status_line(std::string& out, int status) {
    out += "HTTP/1.1 ";
    append_number(out, static_cast<std::uint64_t>(status));
    out += ' ';
    out += reason_phrase(status);
    out += "\r\n";
}

}  // namespace

std::string_view reason_phrase(int status) noexcept {
    switch (status) {
        case 100: return "Continue";
        case 104: return "Upload Resumption Supported";  // draft-ietf-httpbis-resumable-upload
        case 200: return "OK";
        case 201: return "Created";
        case 204: return "No Content";
        case 206: return "Partial Content";
        case 302: return "Found";
        case 304: return "Not Modified";
        case 307: return "Temporary Redirect";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 410: return "Gone";
        case 411: return "Length Required";
        case 412: return "Precondition Failed";
        case 413: return "Content Too Large";
        case 414: return "URI Too Long";
        case 415: return "Unsupported Media Type";
        case 416: return "Range Not Satisfiable";
        case 417: return "Expectation Failed";
        case 422: return "Unprocessable Content";
        case 423: return "Locked";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 460: return "Checksum Mismatch";  // tus 1.0.0, extension Checksum
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 502: return "Bad Gateway";
        case 503: return "Service Unavailable";
        case 505: return "HTTP Version Not Supported";
        case 507: return "Insufficient Storage";
        default: return "";
    }
}

Response text_response(int status, std::string_view media_type, std::string body) {
    Response response;
    response.status = status;
    response.headers.add("Content-Type", media_type);
    response.body = std::move(body);
    return response;
}

std::optional<std::uint64_t> body_length(Response const& response) noexcept {
    if (auto const* text = std::get_if<std::string>(&response.body)) return text->size();
    if (auto const* slice = std::get_if<FileSlice>(&response.body)) return slice->length;
    return response.source_length;
}

std::string serialize_head(Response const& response, std::string_view date, bool keep_alive, bool http_1_0) {
    std::string head;
    head.reserve(response.headers.text().size() + 160);
    append_status_line(head, response.status);
    head += "Date: ";
    head += date;
    head += "\r\n";
    head += response.headers.text();
    if (auto const length = body_length(response); has_no_content(response.status)) {
        // Nothing to frame.
    } else if (length) {
        head += "Content-Length: ";
        append_number(head, *length);
        head += "\r\n";
    } else if (!http_1_0) {
        head += "Transfer-Encoding: chunked\r\n";
    }
    if (!keep_alive) {
        head += "Connection: close\r\n";
    } else if (http_1_0) {
        head += "Connection: keep-alive\r\n";
    }
    head += "\r\n";
    return head;
}

std::string serialize_interim(int status, HeaderBlock const& headers) {
    std::string head;
    append_status_line(head, status);
    head += headers.text();
    head += "\r\n";
    return head;
}

}  // namespace clinikk::http
