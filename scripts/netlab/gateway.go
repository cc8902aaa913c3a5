//go:build linux

package main

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"

	"kith/daemon/api"
)

// gateway answers UPnP (an Internet gateway device of the first version) on a router, as many home routers do: it lets through to a
// port of who asks what comes to a port outside, if nobody else has that. One that lies says so and opens nothing.
type gateway struct {
	on              *computer
	inside, outside string // its addresses
	lies            bool

	mu     sync.Mutex
	mapped map[string]string // for whom a protocol and a port outside are
}

// conflict is the number by which a gateway says that a port outside is somebody else's.
const conflict = 718

const (
	gatewayDevice  = "urn:schemas-upnp-org:device:WANConnectionDevice:1"
	gatewayService = "urn:schemas-upnp-org:service:WANIPConnection:1"
)

// opens has a router answer, until the lab is over.
func (g *gateway) opens() error {
	var asked *net.UDPConn
	var told net.Listener
	err := g.on.do(func() error {
		lan, err := net.InterfaceByName("lan0")
		if err != nil {
			return err
		}
		if asked, err = net.ListenMulticastUDP("udp4", lan, &net.UDPAddr{IP: net.IPv4(239, 255, 255, 250), Port: 1900}); err != nil {
			return err
		}
		told, err = net.Listen("tcp4", net.JoinHostPort(g.inside, "5000"))
		return err
	})
	if err != nil {
		return err
	}
	if err := g.on.run("nft", "add chain ip lab mapped { type nat hook prerouting priority -100; }"); err != nil {
		return err
	}
	if err := g.on.run("nft", "insert rule ip lab through ct status dnat accept"); err != nil {
		return err
	}
	go g.isFound(asked)
	go http.Serve(told, g) //nolint:errcheck,gosec // the lab is over
	return nil
}

// isFound answers who looks for a gateway.
func (g *gateway) isFound(conn *net.UDPConn) {
	for b := make([]byte, 2048); ; {
		n, from, err := conn.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(b[:n])))
		if err != nil || r.Method != "M-SEARCH" || r.Header.Get("ST") != gatewayDevice {
			continue
		}
		_, _ = conn.WriteToUDPAddrPort(fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nST: %s\r\nUSN: uuid:lab::%[1]s\r\nEXT:\r\nSERVER: lab\r\nLOCATION: http://%s:5000/device.xml\r\n\r\n", gatewayDevice, g.inside), from)
	}
}

// ServeHTTP implements http.Handler: what the gateway is, and what it is asked to do.
func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/xml")
	if r.URL.Path == "/device.xml" {
		fmt.Fprintf(w, `<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major><minor>0</minor></specVersion><device><deviceType>%s</deviceType><friendlyName>lab</friendlyName><UDN>uuid:lab</UDN><serviceList><service><serviceType>%s</serviceType><serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId><controlURL>/control</controlURL><eventSubURL>/events</eventSubURL><SCPDURL>/service.xml</SCPDURL></service></serviceList></device></root>`, gatewayDevice, gatewayService)
		return
	}
	_, action, _ := strings.Cut(strings.Trim(r.Header.Get("SOAPACTION"), `"`), "#")
	var q struct {
		Body struct {
			Map struct {
				Outside  string `xml:"NewExternalPort"`
				Protocol string `xml:"NewProtocol"`
				Inside   string `xml:"NewInternalPort"`
				Client   string `xml:"NewInternalClient"`
			} `xml:"AddPortMapping"`
		}
	}
	b, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	if err == nil {
		err = xml.Unmarshal(b, &q)
	}
	says := map[string]string{
		"GetNATRSIPStatus":     "<NewRSIPAvailable>0</NewRSIPAvailable><NewNATEnabled>1</NewNATEnabled>",
		"GetExternalIPAddress": "<NewExternalIPAddress>" + g.outside + "</NewExternalIPAddress>",
	}[action]
	if m := q.Body.Map; action == "AddPortMapping" && !g.lies && err == nil {
		var taken bool
		if taken, err = g.maps(strings.ToLower(m.Protocol), m.Outside, net.JoinHostPort(m.Client, m.Inside)); taken {
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprintf(w, `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail><UPnPError xmlns="urn:schemas-upnp-org:control-1-0"><errorCode>%d</errorCode></UPnPError></detail></s:Fault></s:Body></s:Envelope>`, conflict)
			return
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "lab: a router that can't do what it is asked:", err)
		http.Error(w, "it can't", http.StatusInternalServerError)
		return
	}
	fmt.Fprintf(w, `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body><u:%sResponse xmlns:u="%s">%s</u:%[1]sResponse></s:Body></s:Envelope>`, action, gatewayService, says)
}

// maps leads what comes to a port outside to somebody inside, and says whether it is led to somebody else already.
func (g *gateway) maps(protocol, port, to string) (taken bool, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	at := protocol + " " + port
	switch g.mapped[at] {
	case to: // it is asked again, so that it stays
		return false, nil
	case "":
	default:
		return true, nil
	}
	if g.mapped == nil {
		g.mapped = map[string]string{}
	}
	g.mapped[at] = to
	return false, g.on.run("nft", fmt.Sprintf("add rule ip lab mapped iifname eth0 %s dport %s dnat to %s", protocol, port, to))
}

// upnp is two homes whose routers open a port when they are asked, and no relay: Ana's does, and Ben's only says so.
func upnp(l *lab) error {
	w, err := l.world(2, true)
	if err != nil {
		return err
	}
	for i := range 2 {
		g := &gateway{on: w.routers[i], inside: fmt.Sprintf("192.168.%d.1", i+1), outside: fmt.Sprintf("5.0.%d.1", i+1), lies: i == 1}
		if err := g.opens(); err != nil {
			return err
		}
	}
	ana, err := l.home("Ana", w.homes[0])
	if err != nil {
		return err
	}
	ben, err := l.home("Ben", w.homes[1])
	if err != nil {
		return err
	}
	ana.flags, ben.flags = []string{"--no-mdns"}, []string{"--no-mdns"}
	if err := ana.found(2, "--port-map", "yes"); err != nil {
		return err
	}
	if err := ana.says("lets others through at 5.0.1.1 port"); err != nil {
		return err
	}
	all, err := ana.client.Invites(l.ctx)
	if err != nil || len(all) != 1 {
		return errors.Join(err, fmt.Errorf("%d invites", len(all)))
	}
	l.say("Ana's router lets others through, and her code says where.")
	if err := ben.joinWith(all[0].Code, "--port-map", "yes"); err != nil {
		return err
	}
	if err := ben.start(); err != nil {
		return err
	}
	if err := ben.meets("is in step, without a relay, with", func(p api.Peer) bool { return !isRelayed(p) && p.InStep }, ana); err != nil {
		return err
	}
	if err := ana.says("Other networks can reach this device."); err != nil {
		return err
	}
	if err := ben.says("and they don't get through"); err != nil {
		return err
	}
	s, err := ben.client.Status(l.ctx)
	l.say("Ben's router says that it lets others through, and doesn't. Ben's status: %s", s.Reach.Says)
	return err
}

// says waits until the status of somebody's computer says so of how others reach it.
func (h *home) says(want string) error {
	last := ""
	err := h.until(fmt.Sprintf("%s's status says %q", h.name, want), func() (bool, error) {
		s, err := h.client.Status(h.ctx)
		last = s.Reach.Says
		return err == nil && strings.Contains(last, want), err
	})
	if err != nil {
		return fmt.Errorf("%w; it says %q", err, last)
	}
	return nil
}

// onePort is two flats behind one router, where both chose one port: only one of them has it outside, too, and the other another one.
// Cleo, who is elsewhere, reaches both, and nothing passes anything on.
func onePort(l *lab) error {
	w, err := l.world(2, true)
	if err != nil {
		return err
	}
	g := &gateway{on: w.routers[0], inside: "192.168.1.1", outside: "5.0.1.1"}
	if err := g.opens(); err != nil {
		return err
	}
	flat, err := l.plugged("the flat next door", w.inside[0], "192.168.1.8/24", "192.168.1.1")
	if err != nil {
		return err
	}
	var all []*home
	for i, on := range []*computer{w.homes[0], flat, w.homes[1]} {
		h, err := l.home([]string{"Ana", "Ben", "Cleo"}[i], on)
		if err != nil {
			return err
		}
		h.flags = []string{"--no-mdns"}
		all = append(all, h)
	}
	ana, ben, cleo := all[0], all[1], all[2]
	if err := ana.found(3, "--port-map", "yes"); err != nil {
		return err
	}
	if err := ana.says("lets others through at 5.0.1.1 port"); err != nil {
		return err
	}
	invites, err := ana.client.Invites(l.ctx) // with where her router lets others through
	if err != nil || len(invites) != 2 {
		return errors.Join(err, fmt.Errorf("%d invites", len(invites)))
	}
	if err := ben.joinWith(invites[0].Code, "--port-map", "yes"); err != nil {
		return err
	}
	if err := ben.start(); err != nil {
		return err
	}
	if err := ben.says("lets others through at 5.0.1.1 port"); err != nil {
		return err
	}
	g.mu.Lock()
	ports := len(g.mapped)
	g.mu.Unlock()
	l.say("Ana and Ben both listen on %d, behind one router: it has mapped %d ports.", listenPort, ports)
	if err := cleo.joinWith(invites[1].Code); err != nil {
		return err
	}
	if err := cleo.start(); err != nil {
		return err
	}
	if err := cleo.meets("is in step, without a relay, with", func(p api.Peer) bool { return isDirect(p) && p.InStep }, ana, ben); err != nil {
		return err
	}
	for _, h := range []*home{ana, ben} { // each other they can't ask: they are at home
		if err := h.says("One member on another network reaches this device"); err != nil {
			return err
		}
	}
	l.say("Cleo, from elsewhere, is in step with both, without a relay, and each of them knows that she gets through.")
	return nil
}
