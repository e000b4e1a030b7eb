import{a as m}from"./chunk-J2CAOK4Q.js";var d=e=>e.split("`").map((o,t)=>t%2?m`<code>${o}</code>`:o);export{d as a};
