using OrleansServe.Model.Checkpoints;

namespace OrleansServe.Grains;

/// <summary>The model that a silo's workers serve.</summary>
/// <param name="Name">Name that requests use; also the scheduler's key.</param>
/// <param name="Checkpoint">Open checkpoint; outlives the workers.</param>
/// <param name="WeightsFingerprint">SHA-256 of the weights, hexadecimal.</param>
/// <param name="KvFormat">KV format fingerprint.</param>
/// <param name="Weights">Numbers in which workers keep the matrices; the fingerprints are of these.</param>
/// <param name="ExpertRows">Numbers in which rows go to routed experts; the fingerprints are of these too.</param>
public sealed record WorkerModel(
    string Name,
    Checkpoint Checkpoint,
    string WeightsFingerprint,
    ReadOnlyMemory<byte> KvFormat,
    WeightFormat Weights = WeightFormat.Native,
    ExpertRowFormat ExpertRows = ExpertRowFormat.Exact)
{
    /// <summary>The KV format fingerprint in hexadecimal, as messages carry it.</summary>
    public string KvFormatHex { get; } = Convert.ToHexStringLower(KvFormat.Span);
}
