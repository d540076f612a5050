import type { Translated } from "../../words/language.ts";
import type { en } from "./en.ts";

export const vi: Translated<typeof en> = {
  title: "Nhật ký thay đổi",
  who: "Ai",
  anybody: "Bất kỳ ai",
  kind: "Loại",
  anything: "Tất cả",
  from: "Từ ngày",
  to: "Đến hết ngày",
  at: "Thời điểm",
  action: "Đã làm gì",
  subject: "Đối tượng",
  detail: "Chi tiết",
  authors: { user: "Người dùng", key: "Khóa", operator: "Quản trị hoặc máy chủ" },
  nameless: (id) => `Số ${id}`,
  none: "Không có thay đổi nào như vậy",
  kinds: {
    agent: "Tổng đài viên", call: "Cuộc gọi", callback: "Gọi lại", campaign: "Chiến dịch", contact: "Liên hệ", contacts: "Liên hệ (nhiều)", customer: "Khách hàng", contact_list: "Danh sách liên hệ", dialing: "Quay số", dnc: "Danh sách không gọi",
    endpoint: "Máy nhánh hoặc trung kế", import: "Nhập liên hệ", key: "Khóa API", menu: "Menu", missed_call: "Cuộc gọi nhỡ", number: "Đầu số", pause_reasons: "Lý do tạm nghỉ", phone_account: "Tài khoản máy nhánh",
    preview: "Xem trước", queue: "Hàng đợi", sound: "Âm thanh", team: "Nhóm", tenant: "Công ty", user: "Người dùng", wallboard: "Bảng hiển thị", wrap_up: "Quy tắc kết quả",
    wrap_up_code: "Mã kết quả",
  },
  deeds: {
    add: "thêm số", barge: "tham gia", call_again: "gọi lại", cancel: "hủy", change: "sửa", claim: "nhận", close: "đóng", consult_cancel: "thôi hỏi ý kiến", consult_complete: "chuyển máy", conference: "gọi hội nghị",
    consult: "hỏi ý kiến", create: "tạo", delete: "xóa", dtmf: "bấm phím", endpoint: "đổi máy nhánh hoặc trung kế", erase: "xóa hết", expire: "đặt hạn dùng", "force-pause": "giám sát cho tạm nghỉ",
    "force-ready": "giám sát cho sẵn sàng", "force-sign-out": "giám sát cho đăng xuất", give: "cấp", hang_up: "kết thúc", hold: "giữ máy", holidays: "sửa ngày lễ", hours: "sửa giờ",
    leave: "rời khỏi", limits: "sửa giới hạn", listen: "nghe", make: "tạo", move: "chuyển", mute: "tắt tiếng", "next-state": "đặt trạng thái kế tiếp", password: "đổi mật khẩu",
    pause: "tạm dừng", pepper: "hết hiệu lực do đổi pepper", put: "tải lên", ready: "sẵn sàng", release: "thả", remove: "bỏ", rename: "đổi tên", reopen: "mở lại", reset_link: "tạo liên kết mật khẩu",
    resume: "tiếp tục", retire: "xóa", revoke: "thu hồi", rotate: "đổi mật khẩu", rule: "sửa", settings: "sửa cài đặt", sign_in: "đăng nhập", "sign-in": "đăng nhập",
    sign_out: "đăng xuất", "sign-out": "đăng xuất", skip: "bỏ qua", start: "bắt đầu", stop: "dừng", take: "thu lại", take_over: "cướp cuộc gọi", transfer: "chuyển máy",
    undo: "hoàn tác", unmute: "bật tiếng", whisper: "nhắc máy", wrap_up: "ghi kết quả", zone: "đổi múi giờ",
  },
};
