namespace OrleansServe.Transfer.Wire.Connections;

/// <summary>
/// Which start of each silo is connected here. Two living silos under one name would get each other's tickets and tokens: whoever comes second is turned away for as long as the
/// first is connected, which for one that has died is a second at most.
/// </summary>
/// <param name="own">Name of this silo, which no other may have.</param>
internal sealed class PeerNames(string own)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (Hello Hello, string Remote, int Connections)> _connected = new(StringComparer.Ordinal);

    /// <summary>Counts a connection in; it must leave.</summary>
    /// <param name="hello">Who comes.</param>
    /// <param name="remote">From where.</param>
    /// <exception cref="HandshakeRefusedException">Another silo of that name is there.</exception>
    public void Enter(Hello hello, string remote)
    {
        if (hello.Silo == own)
        {
            throw Taken(hello, remote, "this silo's own");
        }

        lock (_lock)
        {
            if (!_connected.TryGetValue(hello.Silo, out (Hello Hello, string Remote, int Connections) present))
            {
                present = (hello, remote, 0);
            }
            else if (present.Hello.Incarnation != hello.Incarnation)
            {
                throw Taken(hello, remote, $"that of start {present.Hello.Incarnation:x16} at {present.Remote} ({present.Hello.Address}), which is connected");
            }

            _connected[hello.Silo] = present with { Connections = present.Connections + 1 };
        }
    }

    /// <summary>A connection has ended.</summary>
    public void Leave(Hello hello)
    {
        lock (_lock)
        {
            if (_connected.TryGetValue(hello.Silo, out (Hello Hello, string Remote, int Connections) present))
            {
                if (present.Connections > 1)
                {
                    _connected[hello.Silo] = present with { Connections = present.Connections - 1 };
                }
                else
                {
                    _connected.Remove(hello.Silo);
                }
            }
        }
    }

    private static HandshakeRefusedException Taken(Hello hello, string remote, string holder) => new(
        RefusalCode.Name,
        $"the name '{hello.Silo}' of start {hello.Incarnation:x16} at {remote} ({hello.Address}) is also {holder}: two silos must not have one name");
}
