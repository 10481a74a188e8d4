using System.Globalization;
using System.Net.Sockets;

using OrleansServe.TestKit.Clients;
using OrleansServe.TestKit.Processes;

namespace OrleansServe.TestKit.Clusters;

/// <summary>A Redis of the test's own on a port of loopback. It keeps its data in a folder of its own, so that it can be killed and started again.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("orleansserve-redis-");
    private readonly int _port = FreePort.Take();
    private ChildProcess? _process;

    /// <summary>Where it listens, or will: <c>host:port</c>.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_port}");

    /// <summary>Starts it, and waits until it takes connections.</summary>
    /// <exception cref="ClientMissingException">There is no redis-server.</exception>
    /// <exception cref="TimeoutException">It does not listen.</exception>
    public async Task StartAsync()
    {
        Client.RedisServer.Require();
        _process = ChildProcess.Start(
            Client.RedisServerProgram!,
            ["--bind", "127.0.0.1", "--port", _port.ToString(CultureInfo.InvariantCulture), "--dir", _folder.FullName, "--save", "", "--appendonly", "yes", "--appendfsync", "always"]);
        using CancellationTokenSource patience = new(Patience);
        while (true)
        {
            using Socket probe = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await probe.ConnectAsync("127.0.0.1", _port, patience.Token);
                return;
            }
            catch (SocketException) when (!_process.HasExited)
            {
                await Task.Delay(20, patience.Token);
            }
            catch (Exception end) when (end is SocketException or OperationCanceledException)
            {
                throw new TimeoutException($"redis-server does not listen on {Address}.", end);
            }
        }
    }

    /// <summary>Kills it.</summary>
    public async Task KillAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
            _process = null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _folder.Delete(recursive: true);
    }
}
