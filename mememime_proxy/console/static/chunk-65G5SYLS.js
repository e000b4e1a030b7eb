import{a as m}from"./chunk-QZEG33L3.js";var d=e=>e.split("`").map((o,t)=>t%2?m`<code>${o}</code>`:o);export{d as a};
