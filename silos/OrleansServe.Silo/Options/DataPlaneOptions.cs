using System.Net;

namespace OrleansServe.Silo.Options;

/// <summary>The data plane of a silo. All but the kind concern TCP alone.</summary>
public sealed record DataPlaneOptions
{
    /// <summary>How silos reach each other.</summary>
    public DataPlaneKind Kind { get; init; }

    /// <summary>Address that it listens on.</summary>
    public IPAddress Listen { get; init; } = IPAddress.Loopback;

    /// <summary>Port that it listens on; 0 for a free one.</summary>
    public int Port { get; init; }

    /// <summary>Host that other silos dial, a pod's address for one; null for the address listened on.</summary>
    public string? AdvertisedHost { get; init; }

    /// <summary>Port that other silos dial; null for the one listened on.</summary>
    public int? AdvertisedPort { get; init; }

    /// <summary>PEM file of this silo's certificate; null for no TLS.</summary>
    public string? Certificate { get; init; }

    /// <summary>PEM file of the certificate's private key.</summary>
    public string? Key { get; init; }

    /// <summary>PEM file of the authorities whose silos are let in.</summary>
    public string? Authority { get; init; }

    /// <summary>DNS name that the certificate of every silo of the cluster bears; null where the authority's word is enough.</summary>
    public string? PeerName { get; init; }
}
