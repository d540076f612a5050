import type { Translated } from "../../words/language.ts";
import type { en } from "./en.ts";

export const vi: Translated<typeof en> = {
  title: "Bảng hiển thị",
  connecting: "Đang kết nối…",
  revoked: "Bảng này đã bị thu hồi",
  revokedText: "Địa chỉ này không còn hiển thị gì nữa. Hãy hỏi giám sát viên địa chỉ khác.",
  age: (time) => `Dữ liệu cũ ${time}`,
  figures: "Số liệu",
  queue: "Hàng đợi",
  waiting: "Đang chờ",
  longest: "Chờ lâu nhất",
  nobody: "Không có khách nào chờ",
  service: "Mức dịch vụ",
  ready: "TĐV sẵn sàng",
  inCalls: "Đang nói",
  callbacks: "Gọi lại",
  due: "đến hạn",
  today: "Cuộc gọi hôm nay",
  talking: (count) => `${count} đang nói`,
  answered: (count) => `${count} đã nghe hôm nay`,
  abandoned: (count) => `${count} bỏ máy`,
  levels: { warn: "Chú ý", bad: "Báo động" },
  states: {
    offline: "Ngoại tuyến", calling: "Đang gọi máy nhánh", reserved: "Đã giữ chỗ", alerting: "Đang đổ chuông", talking: "Đang nói", wrap_up: "Sau cuộc gọi",
    paused: "Tạm nghỉ", unreachable: "Mất kết nối", hanging_up: "Đang gác máy",
  },
};
