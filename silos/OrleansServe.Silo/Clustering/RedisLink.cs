using System.Net;

using OrleansServe.Silo.Hosting;
using OrleansServe.Silo.Options;

using StackExchange.Redis;

namespace OrleansServe.Silo.Clustering;

/// <summary>The connection to the cluster's Redis. Its configuration may hold a password: only its endpoints are ever shown.</summary>
internal sealed class RedisLink
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly ConfigurationOptions _configuration;
    private readonly TimeSpan _limit;
    private readonly TimeProvider _time;
    private IConnectionMultiplexer? _connection;

    private RedisLink(ConfigurationOptions configuration, TimeSpan limit, TimeProvider time)
    {
        _configuration = configuration;
        _limit = limit;
        _time = time;
        Servers = string.Join(", ", configuration.EndPoints.Select(Name));
    }

    /// <summary>Where Redis is: <c>host:port</c>, several separated by commas.</summary>
    public string Servers { get; }

    /// <summary>The connection; there from <see cref="ConnectAsync"/> on.</summary>
    public IConnectionMultiplexer Connection => _connection ?? throw new InvalidOperationException("Redis is connected before the silo starts.");

    /// <summary>Reads the configuration; nothing is dialled yet.</summary>
    /// <exception cref="SiloOptionsException">It is none.</exception>
    public static RedisLink Create(ClusteringOptions options, TimeProvider time)
    {
        ConfigurationOptions configuration;
        try
        {
            configuration = ConfigurationOptions.Parse(options.Redis!);
        }
        catch (Exception fault) when (fault is ArgumentException or FormatException or OverflowException)
        {
            // What is wrong with it may quote the password.
            throw new SiloOptionsException(["--redis must be HOST:PORT or a StackExchange.Redis configuration string"]);
        }

        if (configuration.EndPoints.Count == 0)
        {
            throw new SiloOptionsException(["--redis must name a server: HOST:PORT"]);
        }

        // Each attempt fails by itself, so that whoever waits is told.
        configuration.AbortOnConnectFail = true;
        configuration.ConnectRetry = 1;
        return new RedisLink(configuration, options.RedisWait, time);
    }

    /// <summary>Connects, trying again for as long as the limit allows.</summary>
    /// <param name="onWaiting">Told what it does, in a few words, and why it is not ready, as a sentence; again each time an attempt has failed.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="RedisUnreachableException">Redis did not answer within the limit.</exception>
    public async Task ConnectAsync(Action<string, string> onWaiting, CancellationToken cancellationToken)
    {
        long begun = _time.GetTimestamp();
        onWaiting($"connecting to Redis at {Servers}", $"Starting: connecting to Redis at {Servers}.");
        while (true)
        {
            try
            {
                _connection = await ConnectionMultiplexer.ConnectAsync(_configuration).WaitAsync(cancellationToken);
                return;
            }
            catch (RedisException fault)
            {
                TimeSpan waited = _time.GetElapsedTime(begun);
                if (waited >= _limit)
                {
                    throw new RedisUnreachableException($"Redis at {Servers} did not answer within {_limit.TotalSeconds:0} s ({Reason(fault)})", fault);
                }

                onWaiting($"waiting for Redis at {Servers}", $"Redis at {Servers} does not answer ({Reason(fault)}); tried for {waited.TotalSeconds:0} s of {_limit.TotalSeconds:0}.");
            }

            await Task.Delay(RetryDelay, _time, cancellationToken);
        }
    }

    private static string Reason(RedisException fault) => fault is RedisConnectionException connection ? connection.FailureType.ToString() : fault.GetType().Name;

    private static string Name(EndPoint endpoint) => endpoint switch
    {
        DnsEndPoint dns => $"{dns.Host}:{dns.Port}",
        _ => endpoint.ToString() ?? "?",
    };
}
