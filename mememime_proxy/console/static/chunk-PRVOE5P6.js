import{a as i,d as r}from"./chunk-W7XH4LVP.js";import{f as l,g as c}from"./chunk-J2T52GRY.js";function $({title:n,onClose:t,wide:s,children:f}){let o=c(null);return l(()=>{let e=document.activeElement,a=o.current;return a.showModal(),()=>{a.close(),e instanceof HTMLElement&&e.isConnected&&e.focus()}},[]),i`<dialog ref=${o} class=${s?"wide":""} aria-label=${n}
    onCancel=${e=>{e.preventDefault(),t()}}
    onClick=${e=>{e.target===o.current&&t()}}>
    <div class="dialog-head"><h2>${n}</h2><button class="icon" aria-label=${r("close")} onClick=${t}>×</button></div>
    ${f}
  </dialog>`}export{$ as a};
