using System.Net;
using System.Net.Sockets;

namespace OrleansServe.TestKit.Clusters;

/// <summary>Ports of loopback that nobody listens on.</summary>
public static class FreePort
{
    /// <summary>One that was free a moment ago; for what has to come back to the same port after a restart.</summary>
    public static int Take()
    {
        using Socket probe = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
