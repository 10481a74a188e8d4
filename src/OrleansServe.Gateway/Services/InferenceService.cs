using Grpc.Core;
using Microsoft.Extensions.Logging;
using OrleansServe.Gateway.Cluster;
using OrleansServe.Gateway.Instruments;
using OrleansServe.Gateway.Sessions;
using OrleansServe.Gateway.Ledgers;
using OrleansServe.Gateway.Validation;
using OrleansServe.Gateway.Wire;
using OrleansServe.Protocol.V1;

namespace OrleansServe.Gateway.Services;

/// <summary>The inference API: validation, then a session, then its stream. Faults become statuses here and nowhere else.</summary>
internal sealed partial class InferenceService : StrictInferenceServiceBase
{
    private const string RetryAfterTrailer = "retry-after-ms";
    private readonly GatewayModel _model;
    private readonly RequestIntake _intake;
    private readonly RequestSlots _slots;
    private readonly RequestPlacer _placer;
    private readonly ClusterView _cluster;
    private readonly GatewayMetrics _metrics;
    private readonly UsageReporter _usage;
    private readonly TimeProvider _time;
    private readonly ILogger<InferenceService> _logger;

    /// <param name="model">The model served.</param>
    /// <param name="intake">Validates.</param>
    /// <param name="slots">Bounds the requests in work.</param>
    /// <param name="placer">Finds workers.</param>
    /// <param name="cluster">Knows the cluster.</param>
    /// <param name="metrics">What is measured.</param>
    /// <param name="usage">Tells the ledgers.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Receives each request's end.</param>
    public InferenceService(
        GatewayModel model,
        RequestIntake intake,
        RequestSlots slots,
        RequestPlacer placer,
        ClusterView cluster,
        GatewayMetrics metrics,
        UsageReporter usage,
        TimeProvider time,
        ILogger<InferenceService> logger)
    {
        _model = model;
        _intake = intake;
        _slots = slots;
        _placer = placer;
        _cluster = cluster;
        _metrics = metrics;
        _usage = usage;
        _time = time;
        _logger = logger;
    }

    /// <inheritdoc/>
    public override Task Generate(GenerateRequest request, IServerStreamWriter<GenerateResponse> responseStream, ServerCallContext context) =>
        ServeAsync(id => _intake.Read(request, id), responseStream, context);

    /// <inheritdoc/>
    public override Task Chat(ChatRequest request, IServerStreamWriter<GenerateResponse> responseStream, ServerCallContext context) =>
        ServeAsync(id => _intake.Read(request, id), responseStream, context);

    /// <inheritdoc/>
    public override Task<TokenizeResponse> Tokenize(TokenizeRequest request, ServerCallContext context) => AnswerAsync(() =>
    {
        PromptRules.RequireModel(request.Model, _model);
        TokenizeResponse response = new();
        response.TokenIds.AddRange(PromptRules.Tokenize("text", request.Text, request.AllowSpecialTokens, _model));
        return Task.FromResult(response);
    });

    /// <inheritdoc/>
    public override Task<DetokenizeResponse> Detokenize(DetokenizeRequest request, ServerCallContext context) => AnswerAsync(() =>
    {
        PromptRules.RequireModel(request.Model, _model);
        TokenRules.RequireInVocabulary("token_ids", request.TokenIds, _model.Config.VocabSize);

        // The embedding may be wider than the vocabulary: such a token stands for nothing.
        int[] known = [.. request.TokenIds.Where(_model.Tokenizer.Contains)];
        return Task.FromResult(new DetokenizeResponse { Text = _model.Tokenizer.Decode(known, request.SkipSpecialTokens) });
    });

    /// <inheritdoc/>
    public override Task<ListModelsResponse> ListModels(ListModelsRequest request, ServerCallContext context) => AnswerAsync(() =>
    {
        ListModelsResponse response = new();
        response.Models.Add(new Protocol.V1.Model
        {
            Name = _model.Name,
            Architecture = _model.Config.ModelType,
            WeightsFingerprint = _model.WeightsFingerprint,
            Parameters = _model.Summary.TotalParameters,
            ActiveParameters = _model.Summary.ActiveParameters,
            ContextLength = _model.Config.MaxPositionEmbeddings,
            VocabularySize = _model.Config.VocabSize,
            Chat = _model.ChatTemplate is not null,
            NumberFormat = _model.Summary.NumberFormat,
        });
        return Task.FromResult(response);
    });

    /// <inheritdoc/>
    public override Task<GetClusterResponse> GetCluster(GetClusterRequest request, ServerCallContext context) =>
        AnswerAsync(() => _cluster.DescribeAsync(request.Experts, context.CancellationToken));

    private async Task ServeAsync(Func<Guid, Generation> read, IServerStreamWriter<GenerateResponse> output, ServerCallContext context)
    {
        long begun = _time.GetTimestamp();
        Guid requestId = NewRequestId();
        RequestOutcome outcome = RequestOutcome.Internal;
        bool running = false;
        try
        {
            _slots.Take();
            running = true;
            _metrics.RequestsRunning.Inc();
            Generation request = read(requestId);
            LogBegun(_logger, requestId, request.Prompt.Length, request.MaxTokens);
            GenerationSession session = new(request, _model, _placer, _metrics, _time, begun) { OnUsed = _usage.Report };
            Finished finished = await session.RunAsync(output, context.CancellationToken);
            outcome = finished.Reason == Finished.Types.Reason.Stop ? RequestOutcome.Stop : RequestOutcome.Length;
            LogFinished(_logger, requestId, finished.Reason, finished.Usage.CompletionTokens, finished.Timing.TotalSeconds);
        }
        catch (OperationCanceledException gone)
        {
            outcome = context.Deadline <= _time.GetUtcNow().UtcDateTime ? RequestOutcome.DeadlineExceeded : RequestOutcome.Cancelled;
            LogGone(_logger, requestId, outcome, gone.InnerException?.Message);
            throw outcome == RequestOutcome.DeadlineExceeded
                ? new RpcException(new Status(StatusCode.DeadlineExceeded, "The deadline passed."))
                : new RpcException(new Status(StatusCode.Cancelled, "The call was cancelled."));
        }
        catch (RequestRejectedException rejection)
        {
            outcome = OutcomeOf(rejection.Status);
            LogRejected(_logger, requestId, rejection.Status, rejection.Message, rejection.InnerException);
            throw ToRpc(rejection);
        }
        catch (Exception fault)
        {
            LogFault(_logger, requestId, fault);
            throw ToRpc(RequestRejectedException.Internal(requestId, fault));
        }
        finally
        {
            if (running)
            {
                _slots.Return();
                _metrics.RequestsRunning.Dec();
            }

            _metrics.Ended(outcome);
            _metrics.RequestDuration.Observe(_time.GetElapsedTime(begun).TotalSeconds);
        }
    }

    private async Task<T> AnswerAsync<T>(Func<Task<T>> answer)
    {
        try
        {
            return await answer();
        }
        catch (RequestRejectedException rejection)
        {
            throw ToRpc(rejection);
        }
        catch (GrainUnreachableException unreachable)
        {
            throw ToRpc(RequestRejectedException.Unavailable(unreachable.Message, unreachable));
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            Guid requestId = NewRequestId();
            LogFault(_logger, requestId, fault);
            throw ToRpc(RequestRejectedException.Internal(requestId, fault));
        }
    }

    private static RpcException ToRpc(RequestRejectedException rejection)
    {
        Metadata trailers = [];
        if (rejection.RetryAfter is TimeSpan retryAfter)
        {
            trailers.Add(RetryAfterTrailer, $"{(long)Math.Ceiling(Math.Max(0, retryAfter.TotalMilliseconds))}");
        }

        return new RpcException(new Status(rejection.Status, rejection.Message), trailers);
    }

    private static RequestOutcome OutcomeOf(StatusCode status) => status switch
    {
        StatusCode.InvalidArgument or StatusCode.NotFound => RequestOutcome.Invalid,
        StatusCode.ResourceExhausted => RequestOutcome.Overloaded,
        StatusCode.Unavailable => RequestOutcome.Unavailable,
        _ => RequestOutcome.Internal,
    };

    /// <summary>Unguessable: whoever knew another's id could release its blocks.</summary>
    private static Guid NewRequestId() => Guid.NewGuid();
}
