using System.Collections.Concurrent;
using Recommender.Encoders;
using Recommender.Encoders.Text;
using Recommender.Recommend.Requests;
using Recommender.Recommend.Serving;

namespace Recommender.Recommend.Answering;

/// <summary>
/// Encodes the queries of searches, and keeps the vectors of the latest ones. The encoder is loaded with the first query after items have
/// vectors. Without it, or while it does not answer, searches go by words alone.
/// </summary>
internal sealed class QueryEncoder
{
    /// <summary>Queries of each of two generations; a vector takes about 1,600 bytes.</summary>
    private const int GenerationQueries = 4_096;

    private volatile ConcurrentDictionary<string, QueryVector> _young = new(StringComparer.Ordinal);
    private volatile ConcurrentDictionary<string, QueryVector> _old = new(StringComparer.Ordinal);
    private readonly TextEncoderOptions _options;
    private readonly ServingIndexes _serving;
    private readonly ILogger<QueryEncoder> _logger;
    private volatile bool _isLost;

    /// <exception cref="InvalidOperationException">A setting is wrong; the message names it.</exception>
    public QueryEncoder(TextEncoderOptions options, ServingIndexes serving, ILogger<QueryEncoder> logger)
    {
        TextEncoders.Check(options);
        (_options, _serving, _logger) = (options, serving, logger);
    }

    /// <summary>The vector of a query; null where searches go by words alone.</summary>
    public async ValueTask<QueryVector?> EncodeAsync(string query, CancellationToken cancellationToken)
    {
        if (_options.Kind == TextEncoderKind.None || _serving.State.Catalogue.Vectors.IsEmpty) return null;
        string text = TextCleaning.Clean(query, query.Length).ToLowerInvariant();
        if (text.Length == 0) return null;
        if (_young.TryGetValue(text, out var known)) return known;
        if (!_old.TryGetValue(text, out known))
        {
            try
            {
                var encoder = TextEncoders.Shared(_options);
                float[] numbers = new float[encoder.Description.Dimensions];
                await encoder.EncodeAsync([text], numbers, cancellationToken);
                known = new QueryVector(encoder.Description.Model, numbers);
                _isLost = false;
            }
            catch (Exception e) when (e is EncoderUnavailableException or ModelMissingException)
            {
                if (!_isLost) _logger.QueriesNotEncoded(e);
                _isLost = true;
                return null;
            }
        }

        if (_young.Count >= GenerationQueries) (_old, _young) = (_young, new(StringComparer.Ordinal));
        _young[text] = known;
        return known;
    }
}
