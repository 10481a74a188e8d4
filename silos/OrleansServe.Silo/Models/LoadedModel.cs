using OrleansServe.Gateway;
using OrleansServe.Grains;
using OrleansServe.Model.Chat;
using OrleansServe.Model.Checkpoints;
using OrleansServe.Model.Tokenization;

namespace OrleansServe.Silo.Models;

/// <summary>A model folder that has been read and found sound: what workers and gateway need of it.</summary>
public sealed class LoadedModel : IDisposable
{
    private LoadedModel(Checkpoint checkpoint, ModelSummary summary, WorkerModel forWorkers, GatewayModel forGateway)
    {
        Checkpoint = checkpoint;
        Summary = summary;
        ForWorkers = forWorkers;
        ForGateway = forGateway;
    }

    /// <summary>The open checkpoint.</summary>
    public Checkpoint Checkpoint { get; }

    /// <summary>What the model is, in numbers.</summary>
    public ModelSummary Summary { get; }

    /// <summary>The workers' view.</summary>
    public WorkerModel ForWorkers { get; }

    /// <summary>The gateway's view.</summary>
    public GatewayModel ForGateway { get; }

    /// <summary>Reads a folder: checkpoint, shapes, tokenizer, chat template, and last the fingerprint, which takes long when it is not remembered.</summary>
    /// <param name="folder">Model folder.</param>
    /// <param name="name">Name that requests use; null for the folder's.</param>
    /// <param name="weights">Numbers in which workers keep the matrices.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends the hashing.</param>
    /// <param name="rows">Numbers in which rows go to routed experts.</param>
    /// <exception cref="Model.ModelFormatException">A file is missing, damaged or of a kind that is not supported.</exception>
    public static LoadedModel Load(string folder, string? name, WeightFormat weights, IProgress<LoadProgress>? progress, CancellationToken cancellationToken, ExpertRowFormat rows = ExpertRowFormat.Exact)
    {
        progress?.Report(new LoadProgress("opening the model"));
        Checkpoint checkpoint = Checkpoint.Open(folder);
        try
        {
            Tokenizer tokenizer = Tokenizer.Load(checkpoint.Folder);
            ChatTemplate.TryLoad(checkpoint.Folder, tokenizer, out ChatTemplate? template, out _);
            cancellationToken.ThrowIfCancellationRequested();

            progress?.Report(new LoadProgress("hashing the weights", 0, checkpoint.TotalBytes));
            WeightsFingerprint content = WeightsFingerprint.Load(checkpoint, HashingProgress.To(progress), cancellationToken);
            WeightsFingerprint fingerprint = content.As(weights, rows);
            KvFormat kvFormat = new(fingerprint, checkpoint.Config, checkpoint.Config.KvLayers);
            ModelSummary summary = ModelSummary.Of(checkpoint, content, weights: weights, rows: rows);
            string served = name ?? new DirectoryInfo(checkpoint.Folder).Name;
            return new LoadedModel(
                checkpoint,
                summary,
                new WorkerModel(served, checkpoint, fingerprint.Hex, kvFormat.ToBytes(), weights, rows),
                new GatewayModel(served, checkpoint.Config, tokenizer, template, fingerprint.Hex, kvFormat.ToBytes(), summary));
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Checkpoint.Dispose();
}
