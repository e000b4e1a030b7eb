import{a as K}from"./chunk-5ZOPMKOO.js";import{a as R}from"./chunk-HZ47TEEP.js";import{a as w}from"./chunk-5QQIX6H7.js";import{a as E,b as B,c as x}from"./chunk-5BUQPANI.js";import{a as o,d as i,e as M,f as W,h as q,i as I,j as S}from"./chunk-J2CAOK4Q.js";import{e as b,g as O,k as d,n as P,p as j,r as F,t as A,x as y}from"./chunk-J2T52GRY.js";var C={Python:`import base64, hashlib, hmac, os

key, salt = (bytes.fromhex(os.environ[name]) for name in ("MEMEMIME_KEY", "MEMEMIME_SALT"))
path = '@path@'
digest = hmac.new(key, salt + path.encode(), hashlib.sha256).digest()
signature = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
print('@base@/' + signature + path)
`,JavaScript:`import { createHmac } from "node:crypto";

const [key, salt] = ["MEMEMIME_KEY", "MEMEMIME_SALT"].map((name) => Buffer.from(process.env[name], "hex"));
const path = '@path@';
const signature = createHmac("sha256", key).update(salt).update(path).digest("base64url");
console.log('@base@/' + signature + path);
`,PHP:`<?php
$key = hex2bin(getenv('MEMEMIME_KEY'));
$salt = hex2bin(getenv('MEMEMIME_SALT'));
$path = '@path@';
$digest = hash_hmac('sha256', $salt . $path, $key, true);
$signature = rtrim(strtr(base64_encode($digest), '+/', '-_'), '=');
echo '@base@/' . $signature . $path, "\\n";
`,Ruby:`require "base64"
require "openssl"

key, salt = %w[MEMEMIME_KEY MEMEMIME_SALT].map { |name| [ENV.fetch(name)].pack("H*") }
path = '@path@'
digest = OpenSSL::HMAC.digest("sha256", key, salt + path)
signature = Base64.urlsafe_encode64(digest, padding: false)
puts '@base@/' + signature + path
`,Go:`package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
)

func main() {
	key, _ := hex.DecodeString(os.Getenv("MEMEMIME_KEY"))
	salt, _ := hex.DecodeString(os.Getenv("MEMEMIME_SALT"))
	path := "@path@"
	mac := hmac.New(sha256.New, key)
	mac.Write(salt)
	mac.Write([]byte(path))
	fmt.Println("@base@/" + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)) + path)
}
`,Java:`import java.util.Base64;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class Sign {
  public static void main(String[] arguments) throws Exception {
    byte[] key = HexFormat.of().parseHex(System.getenv("MEMEMIME_KEY"));
    byte[] salt = HexFormat.of().parseHex(System.getenv("MEMEMIME_SALT"));
    String path = "@path@";
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    mac.update(salt);
    String signature = Base64.getUrlEncoder().withoutPadding().encodeToString(mac.doFinal(path.getBytes("UTF-8")));
    System.out.println("@base@/" + signature + path);
  }
}
`,Bash:`path='@path@'
signature=$({ printf %s "$MEMEMIME_SALT" | xxd -r -p; printf %s "$path"; } |
  openssl dgst -sha256 -mac HMAC -macopt "hexkey:$MEMEMIME_KEY" -binary | base64 | tr '+/' '-_' | tr -d '=\\n')
echo '@base@/'"$signature$path"
`};var k=[1,2,3],N=["HTML img","HTML picture","curl"];function ee(e){let t=(j.value?.proxy_url||location.origin).replace(/\/$/,""),n=(e.startsWith(t)?e.slice(t.length):new URL(e).pathname).replace(/^\/[^/]+/,"");return{base:e.startsWith(t)?t:new URL(e).origin,path:n.replace(/\/(?:expires|exp):\d+(?=\/)/,"")}}var _=e=>e.replaceAll("&","&amp;").replaceAll('"',"&quot;");function U({wanted:e,url:t,sides:n}){let a=d("HTML img"),r=d([]),s=a.value==="HTML picture"?["avif","webp","jpg"]:[e.format];b(()=>{if(r.value=[],!a.value.startsWith("HTML"))return;let u=new AbortController,m=s.flatMap(g=>k.map(f=>({source:e.source,options:[...e.options,`dpr:${f}`],format:g})));return y(m,u.signal).then(g=>{r.value=g.map(f=>f.url??"")}).catch(S),()=>u.abort()},[t,a.value]);let l=u=>k.map((m,g)=>`${_(r.value[u*k.length+g]??"")} ${m}x`).join(`,
    `),c=n?` width="${n[0]}" height="${n[1]}"`:"",p;if(a.value==="curl")p=`curl --fail --output picture '${t}'`;else if(a.value==="HTML img")p=`<img
  src="${_(r.value[0]??"")}"
  srcset="${l(0)}"
 ${c} alt="">`;else if(a.value==="HTML picture")p=`<picture>
${s.slice(0,-1).map((m,g)=>`  <source type="image/${m}" srcset="${l(g)}">`).join(`
`)}
  <img src="${_(r.value[(s.length-1)*k.length]??"")}"
    srcset="${l(s.length-1)}"
   ${c} alt="">
</picture>`;else{let{base:u,path:m}=ee(t);p=C[a.value].replaceAll("@path@",m).replaceAll("@base@",u)}return o`<section aria-labelledby="code"><h2 id="code">${i("code.title")}</h2>
    <p class="line"><label>${i("code.language")}<select value=${a} onChange=${u=>{a.value=u.target.value}}>
      ${[...N,...Object.keys(C)].map(u=>o`<option>${u}</option>`)}</select></label>
      <button onClick=${()=>navigator.clipboard.writeText(p).then(()=>q(i("copied"))).catch(S)}>${i("copy")}</button></p>
    <pre class="code" tabindex="0" aria-labelledby="code">${p}</pre>
    ${!e.source.startsWith("asset://")&&o`<p class="faint">${i(N.includes(a.value)?"code.expires":"code.lasting")}</p>`}
  </section>`}function Y(e,t){let n=t.split(":")[0];return e.find(a=>a.name===n||a.aliases.includes(n))}function D(e,t){let n=t.split(":").slice(1);return e.arguments.map((a,r)=>a.kind==="group"?n.slice(r).join(":"):n[r]??"")}function G(e,t){let n=[...t];for(;n.length>1&&n.at(-1)==="";)n.pop();return[e.split(":")[0],...n].join(":")}var ne=2**31-1;function ae({argument:e,value:t,onChange:n}){let a=s=>n(s.target.value),r=s=>s===void 0||Math.abs(s)>=ne?null:s;switch(e.kind){case"flag":return o`<select value=${t} onChange=${a}><option value="">–</option><option value="1">${i("yes")}</option><option value="0">${i("no")}</option></select>`;case"choice":case"format":{let s=e.values??[];return o`<select value=${t} onChange=${a}><option value="">–</option>
        ${(s.includes(t)||!t?s:[t,...s]).map(l=>o`<option value=${l}>${l}</option>`)}</select>`}case"integer":case"number":return o`<input type=${Number.isNaN(Number(t))?"text":"number"} value=${t} min=${r(e.minimum)} max=${r(e.maximum)} step=${e.kind==="number"?"any":1} onInput=${a} />`;case"color":return o`<span class="inline"><input type="color" aria-label=${e.name} value=${`#${/^[0-9a-f]{6}$/i.test(t)?t:"000000"}`}
        onInput=${s=>n(s.target.value.slice(1))} /><input value=${t} size="7" spellcheck=${!1} onInput=${a} /></span>`;default:return o`<input value=${t} placeholder=${e.shape??""} spellcheck=${!1} onInput=${a} />`}}function se({option:e,text:t,onChange:n,onRemove:a}){if(!e)return o`<fieldset class="option"><legend><code>${t}</code></legend><p class="error">${i("playground.unknown")}</p>
      <button class="icon remove" aria-label=${i("playground.remove",{name:t})} onClick=${a}>×</button></fieldset>`;let r=D(e,t),s=(l,c)=>n(G(t,r.map((p,u)=>u===l?c:p)));return o`<fieldset class="option">
    <legend>${e.name}</legend>
    <button class="icon remove" aria-label=${i("playground.remove",{name:e.name})} onClick=${a}>×</button>
    <p class="faint small">${w(e.meaning)}</p>
    <div class="fields">${e.arguments.map((l,c)=>o`<label title=${`${l.meaning}${l.expected?` (${l.expected.replaceAll("`","")})`:""}`}>
      <span>${l.name}</span><${ae} argument=${l} value=${r[c]} onChange=${p=>s(c,p)} /></label>`)}</div>
    <p class="small"><code class="break">${t}</code></p>
  </fieldset>`}function z({options:e,texts:t,onChange:n}){let a=[...new Set(e.map(s=>s.section))],r=s=>{let l=e.find(c=>c.name===s.target.value);s.target.value="",l&&n([...t,l.example.split("/")[0]||`${l.name}${":"}`])};return o`<div class="options">
    ${t.map((s,l)=>o`<${se} key=${l} option=${Y(e,s)} text=${s}
      onChange=${c=>n(t.map((p,u)=>u===l?c:p))}
      onRemove=${()=>n(t.filter((c,p)=>p!==l))} />`)}
    <label class="add">${i("playground.add")}<select onChange=${r}><option value="">${i("playground.choose",{count:e.length})}</option>
      ${a.map(s=>o`<optgroup label=${s}>${e.filter(l=>l.section===s).map(l=>o`<option value=${l.name} title=${l.meaning}>${l.name}</option>`)}</optgroup>`)}</select></label>
  </div>`}var oe=250,re="image/avif,image/webp,image/png,image/*;q=0.8,*/*;q=0.5",H=["","jpg","webp","avif","jxl","png","gif","tiff","mp4","webm","json"],le=["rs:fill:480:320","g:sm"];function T(e){return{source:e.get("source")??"",options:e.getAll("o"),format:e.get("format")??""}}function v(e){let t=E.value.query,n={...T(t),pin:t.get("pin")??"",...e},a=new URLSearchParams;n.source&&a.set("source",n.source);for(let r of n.options)a.append("o",r);n.format&&a.set("format",n.format),n.pin&&a.set("pin",n.pin),B(`/playground${a.size?`?${a}`:""}`,{replace:!0})}var Q=e=>`${e.options.join("/")}@${e.format}`;function ie(e){let t=e.lastIndexOf("@");return{options:e.slice(0,t).split("/").filter(Boolean),format:e.slice(t+1)}}async function ce(e,t){let[n]=await y([e],t);if(!n.url)return{url:"",code:n.code,detail:n.detail};let a=await F("POST","/explain",{json:{url:n.url,accept:re,ask:!0},signal:t}),r={url:n.url,answer:a.answer};return a.answer.status>=400&&(r.code=`${a.answer.status} ${a.errors[0]?.code??""}`.trim(),r.detail=a.answer.text,r.cause=a.errors[0]?.cause,r.remedy=a.errors[0]?.remedy),r}function J(e,t){let n=d(void 0),a=d(!1),r=t&&e?`${e} ${Q(t)}`:"";return b(()=>{if(!r||!t){n.value=void 0;return}let s=new AbortController;a.value=!0;let l=setTimeout(()=>{ce({source:e,...t},s.signal).then(c=>{n.value=c,a.value=!1}).catch(c=>{s.signal.aborted||(n.value={url:"",detail:I(c)},a.value=!1)})},n.value?oe:0);return()=>{clearTimeout(l),s.abort()}},[r]),{result:n.value,busy:a.value}}function ue({result:e,onSides:t}){let n=e.answer?.headers["Content-Type"]??"";return n.startsWith("video/")?o`<video class="result" src=${e.url} controls muted></video>`:n.startsWith("audio/")?o`<audio src=${e.url} controls></audio>`:n.startsWith("image/")?o`<img class="result" src=${e.url} alt=${i("playground.result")} onLoad=${a=>t([a.target.naturalWidth,a.target.naturalHeight])} />`:o`<p><a href=${e.url} target="_blank" rel="noreferrer">${n||i("playground.result")}</a></p>`}function V({name:e,result:t,sides:n,other:a}){if(!t.answer)return null;let r=a?.answer?100*(t.answer.bytes-a.answer.bytes)/a.answer.bytes:null;return o`<p class="figures"><strong>${e}</strong>
    ${n&&o`<span>${M(n[0])} × ${M(n[1])}</span>`}
    <span>${W(t.answer.bytes)}${r===null?"":` (${r>0?"+":""}${M(Math.round(r))} %)`}</span>
    <span>${t.answer.headers["Content-Type"]}</span>
    <span title=${t.answer.headers["Server-Timing"]??""}>${M(Math.round(t.answer.milliseconds))} ms</span></p>`}function pe({result:e}){return o`<div class="refusal" role="alert"><p><strong>${e.code}</strong> ${e.detail}</p>
    ${e.cause&&o`<p>${w(e.cause)}</p>`}${e.remedy&&o`<p class="faint">${w(e.remedy)}</p>`}
    ${e.url&&o`<p><a href=${x(`/explain?url=${encodeURIComponent(e.url)}`)}>${i("playground.explain")}</a></p>`}</div>`}function $e({source:e,onChoose:t}){let n=d([]),a=d(!1),r=d(!0);return b(()=>{(async()=>{let c=(await A("/assets?state=ready&sort=created&order=desc&limit=8&offset=0")).assets.filter(P);if(a.value=!c.length,!c.length)return;let p=await y(c.map(u=>({source:`asset://${u.sha256}`,options:["rs:fill:96:96","g:sm"],format:"webp"})));n.value=c.map((u,m)=>({asset:u,source:`asset://${u.sha256}`,url:p[m].url??""})),T(E.value.query).source||v({source:n.value[0].source,options:T(E.value.query).options.length?void 0:le})})().catch(S).finally(()=>{r.value=!1})},[]),a.value?o`<p>${i("gallery.empty")}. <a href=${x("/upload")}>${i("nav.upload")}</a></p>`:o`<ul class="recent" aria-busy=${r.value?"true":null} aria-label=${i("playground.recent")}>${n.value.map(s=>o`<li><button class="plain" aria-pressed=${s.source===e} title=${R(s.asset)}
    onClick=${()=>t(s.source)}><img src=${s.url||null} width="48" height="48" alt=${R(s.asset)} /></button></li>`)}</ul>`}function Be(){let e=E.value.query,{source:t,options:n,format:a}=T(e),r=e.get("pin")??"",s=d(null),l=d(null),c=d(null),p=d(!1),u=O(null);b(()=>{A("/options").then($=>{s.value=$.options}).catch($=>{l.value=$})},[]);let{result:m,busy:g}=J(t,{options:n,format:a}),{result:f,busy:X}=J(t,r?ie(r):null);if(l.value)return o`<main class="page" id="main" tabindex="-1"><h1>${i("error.title")}</h1><p role="alert">${I(l.value)}</p></main>`;let h=m?.answer&&m.answer.status<400?m:null,L=$=>$?.answer?.headers["Content-Type"]?.startsWith("image/");return o`<main class="page wide" id="main" tabindex="-1" aria-busy=${s.value&&!g&&!X?null:"true"}>
    <h1>${i("nav.playground")}</h1>
    <div class="two bench">
      <div>
        <form class="line" onSubmit=${$=>{$.preventDefault(),v({source:u.current?.value.trim()})}}>
          <label>${i("playground.source")}<input ref=${u} key=${t} defaultValue=${t} spellcheck=${!1} placeholder="alias://shop/cup"
            onChange=${$=>v({source:$.target.value.trim()})} /></label>
          <label class="short">${i("playground.format")}<select value=${a} onChange=${$=>v({format:$.target.value})}>
            ${(H.includes(a)?H:[...H,a]).map($=>o`<option value=${$}>${$||i("playground.negotiated")}</option>`)}</select></label>
        </form>
        <${$e} source=${t} onChoose=${$=>v({source:$})} />
        ${s.value&&o`<${z} options=${s.value} texts=${n} onChange=${$=>v({options:$})} />`}
      </div>
      <div class="stage">
        ${m&&!h&&o`<${pe} result=${m} />`}
        ${h&&o`<div class=${p.value?"sheet whole":"sheet"}>${f&&L(f)&&L(h)&&f.url?o`<${K} left=${f.url} right=${h.url} names=${["A","B"]} />`:o`<${ue} result=${h} onSides=${$=>{c.value=$}} />`}</div>
          ${f&&o`<${V} name="A" result=${f} sides=${null} />`}
          <${V} name=${f?"B":""} result=${h} sides=${c.value} other=${f} />
          <p class="actions">
            <button onClick=${()=>v({pin:Q({options:n,format:a})})}>${i(r?"playground.pin_again":"playground.pin")}</button>
            ${r&&o`<button onClick=${()=>v({pin:""})}>${i("playground.unpin")}</button>`}
            <button aria-pressed=${p} onClick=${()=>{p.value=!p.value}}>${i("playground.pixels")}</button>
            <a class="button" href=${x(`/explain?url=${encodeURIComponent(h.url)}`)}>${i("playground.explain")}</a></p>
          <${U} wanted=${{source:t,options:n,format:a}} url=${h.url} sides=${c.value} />`}
      </div>
    </div>
  </main>`}export{Be as Playground};
