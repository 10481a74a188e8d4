using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using OrleansServe.Silo.Options;
using OrleansServe.Transfer;
using OrleansServe.Transfer.InProcess;
using OrleansServe.Transfer.Wire;
using OrleansServe.Transfer.Wire.Transports;

using Prometheus;

namespace OrleansServe.Silo.DataPlane;

/// <summary>Builds the data plane that the options ask for.</summary>
public static class DataPlaneComposition
{
    /// <summary>Opens the data plane. One over TCP listens from now on, is watched while the host runs, and ends with the services.</summary>
    /// <exception cref="SiloOptionsException">A certificate cannot be used.</exception>
    /// <exception cref="IOException">The port cannot be listened on.</exception>
    public static IDataPlane AddDataPlane(this IServiceCollection services, SiloOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.DataPlane.Kind == DataPlaneKind.InProcess)
        {
            return new InProcessNetwork().Join(options.SiloName);
        }

        WireLog log = new();
        WireDataPlane plane = new(ToWire(options), new SocketTransport(), TimeProvider.System, log);
        services.AddSingleton<IHostedService>(provider => new WireHost(
            plane,
            log,
            provider.GetRequiredService<ILogger<WireDataPlane>>(),
            provider.GetRequiredService<CollectorRegistry>(),
            new DataPlaneMetrics(provider.GetRequiredService<IMetricFactory>(), options.SiloName)));
        return plane;
    }

    /// <summary>The wire's own options.</summary>
    /// <exception cref="SiloOptionsException">A certificate cannot be used.</exception>
    public static WireOptions ToWire(SiloOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new WireOptions
        {
            ClusterId = options.ClusterId,
            SiloName = options.SiloName,
            Incarnation = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))),
            Listen = options.DataPlane.Listen,
            Port = options.DataPlane.Port,
            AdvertisedHost = options.DataPlane.AdvertisedHost,
            AdvertisedPort = options.DataPlane.AdvertisedPort,
            Tls = ReadTls(options.DataPlane),
        };
    }

    private static WireTlsOptions? ReadTls(DataPlaneOptions options)
    {
        if (options.Certificate is not { } certificate || options.Key is not { } key || options.Authority is not { } authority)
        {
            return null;
        }

        try
        {
            X509Certificate2Collection roots = [];
            roots.ImportFromPemFile(authority);
            return roots.Count > 0
                ? new WireTlsOptions(X509Certificate2.CreateFromPemFile(certificate, key), roots) { PeerName = options.PeerName }
                : throw new SiloOptionsException([$"--tls-authority {authority} holds no certificate"]);
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new SiloOptionsException([$"--tls-certificate {certificate}, --tls-key {key}, --tls-authority {authority}: {fault.Message}"]);
        }
    }
}
