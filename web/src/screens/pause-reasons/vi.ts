import type { Translated } from "../../words/language.ts";
import type { en } from "./en.ts";

export const vi: Translated<typeof en> = {
  title: "Lý do tạm nghỉ",
  explained: "Khi tạm nghỉ, tổng đài viên chọn một lý do theo thứ tự này, hoặc tự viết lý do khác.",
  none: "Chưa có lý do nào",
  noneText: "Tổng đài viên thấy các lý do có sẵn: nghỉ trưa, nghỉ ngắn, họp, đào tạo.",
  reason: "Lý do",
  add: "Thêm",
  added: (reason) => `Đã thêm ${reason}`,
  up: "Chuyển lên",
  remove: "Bỏ",
  removed: (reason) => `Đã bỏ ${reason}`,
  there: "Danh sách đã có lý do này",
};
