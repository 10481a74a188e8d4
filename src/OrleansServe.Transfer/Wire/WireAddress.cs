using System.Globalization;

namespace OrleansServe.Transfer.Wire;

/// <summary>
/// Where a silo's data plane is, and which one is meant: <c>tcp://host:port/silo/incarnation</c>. The incarnation keeps whatever was meant for a silo from
/// reaching the one that took its place.
/// </summary>
/// <param name="Host">Name or address; IPv6 in brackets.</param>
/// <param name="Port">Port of the listener.</param>
/// <param name="Silo">Name of the silo.</param>
/// <param name="Incarnation">Number of this start of the silo.</param>
public readonly record struct WireAddress(string Host, int Port, string Silo, ulong Incarnation)
{
    private const string Scheme = "tcp://";
    private const int Longest = 512;

    /// <summary>Reads an address.</summary>
    /// <exception cref="PeerUnreachableException">It is none.</exception>
    public static WireAddress Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > Longest)
        {
            throw new PeerUnreachableException(text[..64] + "...", $"the address has {text.Length} characters, its limit is {Longest}");
        }

        if (text.StartsWith(Scheme, StringComparison.Ordinal)
            && text[Scheme.Length..].Split('/') is [{ } endpoint, { Length: > 0 } silo, { } incarnation]
            && endpoint.LastIndexOf(':') is > 0 and var colon
            && int.TryParse(endpoint[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int port)
            && port is > 0 and <= ushort.MaxValue
            && ulong.TryParse(incarnation, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong number))
        {
            return new WireAddress(endpoint[..colon], port, silo, number);
        }

        throw new PeerUnreachableException(text, "an address is written tcp://host:port/silo/incarnation");
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Scheme}{Host}:{Port}/{Silo}/{Incarnation:x16}");
}
