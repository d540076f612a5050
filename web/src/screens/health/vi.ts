import type { Translated } from "../../words/language.ts";
import type { en } from "./en.ts";

export const vi: Translated<typeof en> = {
  title: "Tình trạng hệ thống",
  version: (version) => `Tongdai ${version}`,
  parts: "Những gì công việc cần đến",
  part: "Thành phần",
  state: "Trạng thái",
  todo: "Cần làm gì",
  seen: "Tin gần nhất từ tổng đài",
  never: "chưa từng có",
  ago: (time) => `${time} trước`,
  importsOpen: "Lượt nhập chưa xong",
  age: "Số liệu này",
  old: "Máy chủ không trả lời. Những gì đang hiện có thể không còn đúng.",
  nothing: "Không cần: đang hoạt động.",
  hidden: "Hãy xử lý các lỗi ở trên trước.",
  names: {
    disk: "Ổ đĩa của máy chủ",
    telephony: "Tiến trình thoại",
    switch: "Tổng đài (Asterisk)",
    dialing: "Gọi ra",
    imports: "Nhập danh bạ",
  },
  states: { ok: "Hoạt động", warning: "Cần chú ý", failed: "Không hoạt động", unknown: "Chưa rõ" },
  reasons: {
    disk_low: "Ổ đĩa sắp đầy, không nhận tệp tải lên. Hãy giải phóng dung lượng trên máy chủ hoặc thêm ổ đĩa lớn hơn.",
    disk_full: "Ổ đĩa đã đầy, việc nhập danh bạ cũng phải chờ. Hãy giải phóng dung lượng trên máy chủ hoặc thêm ổ đĩa lớn hơn.",
    no_telephony: "Không tiến trình nào điều khiển tổng đài: không nhận và không gọi được cuộc nào. Hãy chạy tongdai serve trên máy chủ và xem nhật ký.",
    no_switch: "Máy chủ không kết nối được với tổng đài: không nhận và không gọi được cuộc nào. Hãy bật Asterisk và kiểm tra địa chỉ, tên, mật khẩu trong cấu hình.",
    dialing_held: "Không gọi ra cho đến khi người vận hành cho phép. Trên máy chủ, lệnh tongdai dialing status cho biết lý do.",
    imports_wait: "Các lượt nhập đang chờ mà không lượt nào tiếp tục. Nếu kéo dài, hãy chạy tongdai serve trên máy chủ và xem nhật ký.",
  },
};
