using System.Net;
using System.Net.Sockets;

namespace OrleansServe.Silo.Hosting;

/// <summary>Finds ports that nobody listens on: Orleans needs to know its port before it listens.</summary>
internal static class FreePorts
{
    /// <summary>A port that was free a moment ago.</summary>
    public static int Take(IPAddress address)
    {
        using Socket probe = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(address, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
