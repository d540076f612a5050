import { useState } from "react";
import css from "./parts.module.css";

type Asked = { text: string; label: string; accept: string; file: File | null; onFile: (file: File) => void };

/** A place to drop a file on, or to choose one by. */
export function Drop({ text, label, accept, file, onFile }: Asked) {
  const [over, setOver] = useState(false);
  const take = (files: FileList | null) => {
    if (files?.[0]) onFile(files[0]);
  };
  return (
    <div
      className={`${css["drop"]} ${over ? css["dropOver"] : ""}`}
      onDragOver={(event) => { event.preventDefault(); setOver(true); }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => { event.preventDefault(); setOver(false); take(event.dataTransfer.files); }}
    >
      <span>{text}</span>
      <input type="file" aria-label={label} accept={accept} onChange={(event) => take(event.target.files)} />
      {file && <strong>{file.name}</strong>}
    </div>
  );
}
