import{a as i,g as r}from"./chunk-OFIMAYF2.js";import{e as a,g as c}from"./chunk-BKEQJMOD.js";function $({title:n,onClose:t,wide:s,children:f}){let o=c(null);return a(()=>{let e=document.activeElement,l=o.current;return l.showModal(),()=>{l.close(),e instanceof HTMLElement&&e.isConnected&&e.focus()}},[]),i`<dialog ref=${o} class=${s?"wide":""} aria-label=${n}
    onCancel=${e=>{e.preventDefault(),t()}}
    onClick=${e=>{e.target===o.current&&t()}}>
    <div class="dialog-head"><h2>${n}</h2><button class="icon" aria-label=${r("close")} onClick=${t}>×</button></div>
    ${f}
  </dialog>`}export{$ as a};
