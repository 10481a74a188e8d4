using OrleansServe.Transfer.Wire.Framing;

namespace OrleansServe.Transfer.Wire.Connections;

/// <summary>Who dials, and whom it expects.</summary>
/// <param name="Version">Version of the protocol.</param>
/// <param name="ClusterId">Its cluster.</param>
/// <param name="Silo">Its name.</param>
/// <param name="Incarnation">Its start.</param>
/// <param name="Address">Where its own data plane listens.</param>
/// <param name="ExpectedIncarnation">The start of the silo that it means to reach.</param>
/// <param name="Lane">What the connection is for.</param>
internal sealed record Hello(
    ushort Version, string ClusterId, string Silo, ulong Incarnation, string Address, ulong ExpectedIncarnation, WireLane Lane)
{
    /// <summary>The protocol of this build.</summary>
    public const ushort CurrentVersion = 3;

    private const uint Magic = 0x3150534F; // "OSP1" in the order of the wire
    private const int NameLimit = 512;

    /// <summary>Reads a greeting. One of another version is read no further than its version.</summary>
    /// <exception cref="HandshakeRefusedException">Another version.</exception>
    /// <exception cref="WireFormatException">No greeting.</exception>
    public static Hello Read(ReadOnlySpan<byte> payload)
    {
        FieldReader fields = new(payload, FrameType.Hello);
        uint magic = fields.UInt32();
        if (magic != Magic)
        {
            throw new WireFormatException($"a greeting begins with 0x{Magic:x8}, not 0x{magic:x8}");
        }

        ushort version = fields.UInt16();
        if (version != CurrentVersion)
        {
            throw new HandshakeRefusedException(RefusalCode.Version, $"it speaks version {version} of the protocol, this silo version {CurrentVersion}");
        }

        Hello hello = new(
            version,
            fields.Text("cluster", NameLimit),
            fields.Text("silo", NameLimit),
            fields.UInt64(),
            fields.Text("address", NameLimit),
            fields.UInt64(),
            (WireLane)fields.Byte());
        fields.End();
        return hello.Lane <= WireLane.Kv ? hello : throw new WireFormatException($"lane {(byte)hello.Lane} of Hello is not known");
    }

    /// <summary>Holds a greeting against this silo.</summary>
    /// <exception cref="HandshakeRefusedException">It is not meant for this silo.</exception>
    public void Check(WireOptions options)
    {
        if (ClusterId != options.ClusterId)
        {
            throw new HandshakeRefusedException(RefusalCode.Cluster, $"it belongs to cluster '{ClusterId}', this silo to '{options.ClusterId}'");
        }

        if (ExpectedIncarnation != options.Incarnation)
        {
            throw new HandshakeRefusedException(
                RefusalCode.Incarnation, $"it expects start {ExpectedIncarnation:x16}, this is silo '{options.SiloName}' in start {options.Incarnation:x16}");
        }
    }

    /// <summary>Writes the greeting.</summary>
    public void Write(WireBuffer buffer)
    {
        buffer.PutUInt32(Magic);
        buffer.PutUInt16(Version);
        buffer.PutText(ClusterId, NameLimit);
        buffer.PutText(Silo, NameLimit);
        buffer.PutUInt64(Incarnation);
        buffer.PutText(Address, NameLimit);
        buffer.PutUInt64(ExpectedIncarnation);
        buffer.PutByte((byte)Lane);
    }
}
